// The other API takes access tokens. This page gets one from its own server, keeps it in a variable and nowhere else, and gets another when the API
// no longer takes it.

let token;

async function freshToken() {
  const response = await fetch("/api/token", { method: "POST" });
  const body = await response.json();
  if (response.status === 401) {
    location.assign(body.sign_in);
    return new Promise(() => {}); // The browser is leaving.
  }
  if (!response.ok) throw new Error(body.message);
  return body.access_token;
}

async function callApi(url) {
  token ??= await freshToken();
  const ask = () => fetch(url, { headers: { authorization: `Bearer ${token}` }, credentials: "omit" });
  let response = await ask();
  if (response.status === 401) {
    token = await freshToken();
    response = await ask();
  }
  return response.json();
}

async function show() {
  const { reader, books } = await callApi("/books");
  document.getElementById("books").textContent = `${reader} reads ${books.join(", ")}.`;
}

document.getElementById("forge").onclick = async () => {
  token = "wrong";
  document.getElementById("books").textContent = "…";
  await show();
};

await show();
