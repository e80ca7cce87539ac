// Passkeys: a form asks this browser's authenticator, and sends what it says. Without this file the form stays hidden.
"use strict";
(() => {
  if (!window.PublicKeyCredential) return;
  const loaded = performance.now();
  const CHALLENGE_IS_FRESH = 5 * 60_000; // it holds for ten minutes
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const optionsOf = async (form) => {
    let said = form.dataset.options;
    if (performance.now() - loaded > CHALLENGE_IS_FRESH) {
      const page = await fetch(form.dataset.page, { headers: { Accept: "text/html" } });
      const anew = new DOMParser().parseFromString(await page.text(), "text/html");
      said = anew.querySelector(`form[data-passkey="${form.dataset.passkey}"]`)?.dataset.options ?? said;
    }
    const options = JSON.parse(said);
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    for (const one of [...(options.excludeCredentials ?? []), ...(options.allowCredentials ?? [])]) one.id = bytes(one.id);
    return options;
  };

  const answerOf = async (form) => {
    const publicKey = await optionsOf(form);
    const made = await navigator.credentials[form.dataset.passkey]({ publicKey });
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (made.response[name]) response[name] = text(made.response[name]);
    }
    return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response });
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        form.elements.answer.value = await answerOf(form);
      } catch { // whoever is asked may say no, and a device may have none
        const said = form.querySelector("[data-failed]");
        said.textContent = said.dataset.failed;
        delete form.dataset.sent; // what `console.js` notes of a form that was sent
        form.removeAttribute("aria-busy");
        return;
      }
      form.submit();
    });
  }
})();
