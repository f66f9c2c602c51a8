const response = await fetch("/api/certificates");
if (response.status === 401) location.assign((await response.json()).error.go_to);
