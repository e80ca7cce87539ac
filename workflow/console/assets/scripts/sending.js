// A form is sent in the background, so that a network that is away loses nothing of it: what was written stays in the
// page, which says that it is not sent yet, and is sent again until there is an answer. Its id makes that once.
(() => {
  const words = document.querySelector("#live-words")?.dataset;
  if (!words || !window.fetch || !window.FormData) return;
  const PATIENCE = 20_000, AGAIN = 4_000;
  const note = (form) => {
    const found = form.querySelector("[data-unsent]");
    if (found) return found;
    const one = document.createElement("p");
    one.className = "errors";
    one.dataset.unsent = "";
    one.setAttribute("role", "alert");
    form.prepend(one);
    return one;
  };
  // What a browser does by itself: where the answer is no page to go on to, it shows what is wrong.
  const plainly = (form, submitter) => {
    if (submitter?.name) {
      const one = document.createElement("input");
      Object.assign(one, { type: "hidden", name: submitter.name, value: submitter.value });
      form.append(one);
    }
    form.inert = false;
    HTMLFormElement.prototype.submit.call(form);
  };
  const send = (form, submitter, said) => {
    let under = false, timer = 0;
    const once = async () => {
      if (under) return;
      under = true;
      clearTimeout(timer);
      let answer = null;
      try {
        answer = await fetch(form.action, { method: "POST", body: said, headers: { "Makegood-By-Itself": "yes", Accept: "text/html" },
          signal: window.AbortSignal?.timeout?.(PATIENCE) });
      } catch { /* no network, or none that brings an answer */ }
      under = false;
      if (!answer) {
        const told = note(form);
        if (!told.textContent) told.textContent = words.unsent;
        form.inert = true; // what is sent again is what was sent: another text under its id would be another form
        timer = setTimeout(once, AGAIN);
        return;
      }
      removeEventListener("online", once);
      if (answer.redirected) location.assign(answer.url); else plainly(form, submitter);
    };
    addEventListener("online", once);
    once();
  };
  document.addEventListener("submit", (event) => {
    const form = event.target, submitter = event.submitter;
    if (event.defaultPrevented || form.method !== "post" || !form.querySelector("[name=id]")) return;
    let said;
    try { said = new URLSearchParams(new FormData(form, submitter)); } catch { return; } // an old browser sends it itself
    event.preventDefault();
    send(form, submitter, said);
  });
})();
