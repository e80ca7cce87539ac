// Keys, timers and drafts. Every page is complete without this file.
"use strict";
(() => {
  const body = document.body;
  const loaded = performance.now();
  const find = (selector) => document.querySelector(selector);

  // An error summary takes the focus; so does what the page itself asks for.
  find("[data-focus]")?.focus();

  // ---- Keys: single characters by what they mean (event.key), off in fields, off where somebody switched them off.
  const dialog = find("#keys");
  const hint = find("[data-help]");
  const on = body.dataset.keys === "on";
  if (hint && dialog) {
    hint.hidden = false;
    hint.addEventListener("click", () => dialog.showModal());
  }
  let before = "";
  const isField = (target) =>
    target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !/^(checkbox|radio|button|submit)$/.test(target.type);
  const press = (name) => {
    const found = find(`[data-key="${name}"]`);
    if (!found || found.closest("[hidden]")) return false;
    if (found.tagName === "A" || found.tagName === "BUTTON") found.click();
    else if (found.type === "radio" || found.type === "checkbox") { found.click(); found.focus(); }
    else found.focus();
    return true;
  };
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const select = (step) => {
    const all = rows();
    if (!all.length) return false;
    const at = all.findIndex((one) => one.hasAttribute("data-selected"));
    const next = all[Math.min(all.length - 1, Math.max(0, at + step))] ?? all[0];
    all.forEach((one) => one.removeAttribute("data-selected"));
    next.setAttribute("data-selected", "");
    next.querySelector("a")?.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.closest?.("form");
      if (form) { event.preventDefault(); form.requestSubmit(); }
      return;
    }
    if (!on || event.ctrlKey || event.metaKey || event.altKey || isField(event.target) || dialog?.open) return;
    const key = event.key;
    let done = false;
    if (before === "g") done = !!find(`[data-go="${key}"]`) && (find(`[data-go="${key}"]`).click(), true);
    else if (before === "o") done = press(`o${key}`);
    else if (key === "?") { dialog?.showModal(); done = true; }
    else if (key === "g" || key === "o") { before = key; setTimeout(() => { before = ""; }, 1500); return; }
    else if (key === "/") done = press("search");
    else if (key === "p") { document.dispatchEvent(new Event("makegood-hold")); done = true; }
    else if (key === "j") done = select(1);
    else if (key === "k") done = select(-1);
    else if (key === "u") done = press("back") || (history.back(), true);
    else if (/^[a-z]$/.test(key)) done = press(key);
    before = "";
    if (done) event.preventDefault();
  });

  // ---- Timers: seconds that are left on the server's clock; one status speaks at 15, 5, 1 and 0 minutes.
  const serverNow = Number(body.dataset.now);
  const timers = [...document.querySelectorAll("[data-until]")];
  const speak = new Set();
  let warned = "";
  const tick = () => {
    const now = serverNow + (performance.now() - loaded) / 1000;
    for (const one of timers) {
      const left = Math.max(0, Math.round(Number(one.dataset.until) - now));
      const minutes = Math.floor(left / 60);
      one.textContent = `${minutes}:${String(left % 60).padStart(2, "0")}`;
      one.classList.toggle("soon", left <= 60);
      const warning = document.getElementById(one.dataset.warns ?? "");
      if (warning && left <= 20 && left > 0 && warned !== one.dataset.until) {
        warned = one.dataset.until;
        warning.showModal();
      }
      if (warning?.open && (left === 0 || left > 20)) warning.close("");
      const said = document.getElementById(one.dataset.says ?? "");
      for (const mark of [15, 5, 1, 0]) {
        const name = `${one.dataset.until}/${mark}`;
        if (said && left <= mark * 60 && left > mark * 60 - 30 && !speak.has(name)) {
          speak.add(name);
          said.textContent = said.dataset[`at${mark}`] ?? "";
        }
      }
    }
  };
  if (timers.length) { tick(); setInterval(tick, 1000); }

  // ---- Twenty seconds before one's time with an item ends, one key holds it for longer: the page stays as it is.
  const lease = find("#lease-ends");
  lease?.addEventListener("close", async () => {
    const form = find("#extend"), timer = find("[data-warns]");
    if (lease.returnValue !== "hold") return;
    lease.returnValue = "";
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const renewed = page.querySelector("[data-warns]"), next = page.querySelector("#extend [name=id]");
      if (!renewed || !next) return location.assign(answer.url);
      timer.dataset.until = renewed.dataset.until;
      form.elements.id.value = next.value;
      tick();
    } catch { warned = ""; } // no network: asked once more
  });

  // ---- Drafts: what is written stays in this tab until it was sent, also past a session that has ended.
  try {
    const sent = JSON.parse(sessionStorage.getItem("sent") ?? "[]");
    sessionStorage.removeItem("sent");
    if (find(".done")) for (const name of sent) sessionStorage.removeItem(name);
    for (const field of document.querySelectorAll("[data-draft]")) {
      const name = `draft/${field.dataset.draft}`;
      if (!field.value) field.value = sessionStorage.getItem(name) ?? "";
      else if (field.value !== field.defaultValue) sessionStorage.setItem(name, field.value); // written before this ran
      field.addEventListener("input", () => sessionStorage.setItem(name, field.value));
    }
    document.addEventListener("submit", (event) => {
      const names = [...event.target.querySelectorAll("[data-draft]")].map((field) => `draft/${field.dataset.draft}`);
      sessionStorage.setItem("sent", JSON.stringify(names));
    });
  } catch { /* a browser that keeps nothing */ }

  // ---- A file's text, put where it can be read and sent without a script, too.
  for (const part of document.querySelectorAll("[data-reads]")) {
    part.hidden = false;
    part.querySelector("input").addEventListener("change", async (event) => {
      const [file] = event.target.files;
      if (file) document.getElementById(part.dataset.reads).value = await file.text();
    });
  }

  // ---- A form is sent once, however often its button is pressed; the server knows a second one by its id, too.
  for (const form of document.querySelectorAll("form[method=post]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "yes";
      form.setAttribute("aria-busy", "true");
    });
  }
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
