// The session is in a cookie that no script can read. The page asks, and acts on what it is told.

const element = (id) => document.getElementById(id);

/** Calls the API. Where a sign-in is needed, the answer says where. */
async function call(path, options) {
  const response = await fetch(path, options);
  const body = await response.json();
  if (response.status === 401) return { signIn: body.sign_in };
  if (!response.ok) throw new Error(body.message);
  return body;
}

function show({ sub, notes, signIn }) {
  element("who").textContent = signIn ? "Nobody is signed in." : `Signed in as ${sub}.`;
  element("notes").replaceChildren(...(notes ?? []).map((note) => {
    const item = document.createElement("li");
    item.textContent = note;
    return item;
  }));
  element("sign-in").onclick = () => location.assign(signIn ?? "/logto/sign-in");
}

element("add").onclick = async () => {
  const headers = { "content-type": "application/json" };
  const answer = await call("/api/notes", { method: "POST", headers, body: JSON.stringify("a note") });
  // The session may have ended since: this page is what the user comes back to.
  if (answer.signIn) location.assign(answer.signIn);
  else show(answer);
};

element("sign-out").onclick = async () => {
  // A script cannot follow to Logto. It is told the address, and the browser goes there.
  const answer = await call("/logto/sign-out", { method: "POST" });
  location.assign(answer.location);
};

show(await call("/api/notes"));
