// The operator's token, where the page asks for one: kept by this tab, and sent in a header, never in a URL.

const KEY = "regolo-git page token";

export function headers() {
  const token = sessionStorage.getItem(KEY);
  return token ? { authorization: `Bearer ${token}` } : {};
}

// Calls `use` with each token that somebody types in; it returns whether the server takes it.
export function signIn(form, use) {
  const field = form.querySelector("input");
  const problem = form.querySelector("[role=alert]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.textContent = "";
    // What a header cannot hold is no token of ours.
    const token = field.value.trim();
    if (/^[\x21-\x7e]+$/.test(token)) {
      sessionStorage.setItem(KEY, token);
      if (await use()) {
        field.value = "";
        return;
      }
      sessionStorage.removeItem(KEY);
    }
    problem.textContent = "The server does not take this token.";
    field.select();
  });
}
