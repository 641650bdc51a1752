// `/docs` where it asks for a token: fetches the page with it, and puts its content in place of the form.

import { headers, signIn } from "./token.js";

const form = document.getElementById("sign-in");

async function show() {
  const answer = await fetch("/docs", { headers: headers() }).catch(() => null);
  if (!answer || !answer.ok) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.getElementById("main").replaceWith(document.adoptNode(page.getElementById("main")));
  return true;
}

if (form) {
  signIn(form, show);
  if (headers().authorization) show();
}
