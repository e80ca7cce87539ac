// The end of the session: a warning 20 seconds before, and one key that goes on. Its length is the server's word.
(() => {
  const dialog = document.querySelector("#session-ends");
  if (!dialog) return;
  const WARNED = 20;
  let ends = Date.now() + Number(dialog.dataset.left) * 1000, asked = false;
  const left = () => (ends - Date.now()) / 1000;
  const told = (session) => {
    ends = Date.now() + session.left * 1000;
    const last = session.longest <= session.left;
    dialog.querySelector("[data-longest]").hidden = !last;
    document.querySelector("#session-ends-words").hidden = last;
    if (left() > WARNED && dialog.open) dialog.close();
  };
  document.addEventListener("makegood", ({ detail }) => {
    if (detail.session) told(detail.session);
    if (detail.kind === "ended" && dialog.open) dialog.close();
  });
  const ask = async (stay) => {
    const how = stay
      ? { method: "POST", body: new URLSearchParams({ token: document.body.dataset.token }) }
      : { headers: { "Makegood-By-Itself": "yes" } };
    try {
      const answer = await fetch("/live/session", { ...how, redirect: "manual" });
      if (answer.ok && answer.type !== "opaqueredirect") told(await answer.json());
    } catch { /* no network: the page says so by itself */ }
  };
  dialog.addEventListener("close", () => { if (left() <= WARNED) ask(true); });
  setInterval(async () => {
    if (left() > WARNED || left() <= 0 || dialog.open || asked) return;
    asked = true; // another tab may have been used meanwhile
    await ask(false);
    asked = false;
    if (left() <= WARNED && left() > 0 && !dialog.open) dialog.showModal();
  }, 1_000);
})();
