// Live parts. Hints say that something has changed; what it is now is asked of the server, part by part.
// One tab of a browser holds the stream and tells the others. Nothing moves under the pointer or the focus.
(() => {
  const words = document.querySelector("#live-words")?.dataset;
  if (!words || !window.EventSource || !window.BroadcastChannel) return;
  const body = document.body;
  const main = document.querySelector("main");
  const status = document.querySelector("#live-status");
  const button = document.querySelector("#live-new button");
  const place = body.dataset.at ?? location.pathname + location.search; // a form's answer stands at another address
  const BY_ITSELF = { "Makegood-By-Itself": "yes" };
  const SILENCE = 35_000, SPACE = 100, GAP = 500, SHARE = 4, AHEAD = 3_000, HERE_EVERY = 15_000, KEPT = 100, PATIENCE = 30_000;

  // ---- The stream, in one tab.
  const channel = new BroadcastChannel("makegood");
  let source = null, heard = 0, again = 0, since = null, over = false;
  // Rows of the ledger: up to which this page shows or has heard of everything, and from which on the hints are kept
  // that its stream has told, for who opens a page meanwhile.
  let row = Number(body.dataset.shown ?? 0), from = 0, told = [];
  const tell = (message) => { channel.postMessage(message); hear(message); };
  const lost = () => { if (!since) tell({ kind: "lost", since: Date.now() }); };
  const open = () => {
    clearTimeout(again);
    source?.close();
    from = row; told = [];
    source = new EventSource(row ? `/live?after=${row}` : "/live");
    heard = Date.now();
    const on = (kind, act) => source.addEventListener(kind, (event) => { heard = Date.now(); act(event); });
    const upTo = (event) => Number(event.lastEventId);
    on("open", () => tell({ kind: "open", row: from }));
    on("hint", (event) => {
      const hint = { kind: "hint", row: upTo(event), ...JSON.parse(event.data) };
      told.push(hint);
      if (told.length > KEPT) from = told.shift().row;
      tell(hint);
    });
    on("missed", (event) => { from = upTo(event); tell({ kind: "missed", row: from }); });
    on("beat", (event) => tell({ kind: "beat", row: upTo(event), session: JSON.parse(event.data) }));
    on("ended", () => { source.close(); tell({ kind: "ended" }); });
    source.onerror = () => {
      lost();
      if (source.readyState === EventSource.CLOSED) retry();
    };
  };
  const retry = () => {
    clearTimeout(again);
    again = setTimeout(async () => {
      if (over) return;
      try {
        const answer = await fetch("/live/session", { headers: { ...BY_ITSELF, Accept: "application/json" } });
        if (answer.status === 401) return tell({ kind: "ended" });
      } catch { /* no network yet: the stream will not open either */ }
      open();
    }, 3_000 + Math.random() * 2_000);
  };
  setInterval(() => {
    if (source && !over && Date.now() - heard > SILENCE) { lost(); open(); }
  }, 5_000);
  addEventListener("offline", () => { if (source) lost(); });
  addEventListener("online", () => { if (source && !over) open(); });
  let letGo = () => {};
  const lead = () => new Promise((release) => { letGo = release; open(); });
  if (navigator.locks) navigator.locks.request("makegood-live", lead); else lead();
  addEventListener("pagehide", () => { source?.close(); source = null; letGo(); });
  channel.onmessage = ({ data }) => {
    if (data.kind !== "ask") hear(data);
    else if (source) channel.postMessage({
      kind: "state", since, open: source.readyState === EventSource.OPEN, to: data.from,
      missed: data.row < from, hints: told.filter((one) => one.row > data.row),
    });
  };
  const tab = crypto.randomUUID?.() ?? String(Math.random());
  const inquire = () => channel.postMessage({ kind: "ask", from: tab, row });
  inquire();

  // ---- What every tab makes of it.
  let held = false, stale = false, asking = false, askedAt = 0, debt = 0, timer = 0, fresh = null;
  const owed = () => Math.max(0, debt - (Date.now() - askedAt));
  const parts = () => [...document.querySelectorAll("[data-live], [data-stands]")];
  const concerns = (hint) => parts().some((one) =>
    (one.dataset.live ?? one.dataset.about ?? "").split(" ").some((about) =>
      hint.lifecycles.includes(about) || hint.subjects.includes(about) || (hint.all && about.startsWith("k"))));
  const hear = (message) => {
    if (over) return;
    document.dispatchEvent(new CustomEvent("makegood", { detail: message }));
    if (message.kind === "lost") since = message.since;
    else if (message.kind === "ended") over = true;
    else if (message.kind === "state") {
      since = message.open ? null : message.since;
      if (message.to === tab && (message.missed || message.hints.some(concerns))) refresh();
    } else if (message.kind === "hint") { if (concerns(message)) refresh(); }
    else {
      if (since || message.kind === "missed" || (message.kind === "open" && row < message.row)) refresh();
      since = null;
    }
    row = Math.max(row, message.row ?? 0);
    if (message.kind !== "state" || message.open || since) say();
  };
  const clock = (at) => {
    try { return new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: words.zone }); }
    catch { return new Date(at).toLocaleTimeString(); }
  };
  const say = () => {
    const text = over ? words.over : held ? words.held : since ? `${words.lost} ${clock(since)}` : words.isLive;
    const state = over ? "over" : held ? "held" : since ? "lost" : "";
    if (state) status.dataset.state = state; else delete status.dataset.state;
    if (status.hidden || status.textContent !== text) status.textContent = text;
    status.hidden = false;
    if (over) {
      const link = document.createElement("a");
      link.href = `/sign-in?ended=yes&next=${encodeURIComponent(place)}`;
      link.textContent = words.signIn;
      status.append(" ", link);
    }
  };

  // ---- Parts, asked for anew: by one request at a time, of all tabs of a browser, and never while nobody looks. Tabs
  // that ask at once make each other's answers take long, and would leave the room that is meant for a busy server.
  const inTurn = (act) => (navigator.locks ? navigator.locks.request("makegood-ask", act) : act());
  let comesBack = false; // to this tab somebody has come back: it is true at once, whatever room it would leave
  const refresh = (atOnce = false) => {
    comesBack ||= atOnce;
    if (!parts().length || over) return;
    stale = true;
    if (document.hidden || held || asking) return;
    clearTimeout(timer);
    timer = setTimeout(ask, comesBack ? 0 : Math.max(0, askedAt + SPACE - Date.now(), owed() - AHEAD));
  };
  const ask = async () => {
    asking = true;
    await inTurn(look);
    asking = false;
    if (stale) refresh();
  };
  const look = async () => {
    if (document.hidden || held) return;
    debt = owed();
    stale = comesBack = false; askedAt = Date.now();
    try {
      const answer = await fetch(place, {
        headers: { ...BY_ITSELF, Accept: "text/html" }, redirect: "manual", signal: AbortSignal.timeout(PATIENCE),
      });
      if (answer.type === "opaqueredirect" || answer.status === 401) tell({ kind: "ended" });
      else if (answer.ok) { fresh = new DOMParser().parseFromString(await answer.text(), "text/html"); show(); }
    } catch { /* the stream says that there is no network, and asks again when there is one */ }
    // In the long run a page asks for a fifth of the time at most, so that where answers take long all that are open
    // leave more room; what comes after a while of rest is asked for at once, and so are the next few.
    debt += Math.max(GAP, SHARE * (Date.now() - askedAt));
  };
  const rows = (part) => [...part.querySelectorAll("[data-id]")];
  const plain = (part) => {
    const copy = part.cloneNode(true);
    copy.querySelectorAll("[data-relative]").forEach((one) => one.remove());
    copy.querySelectorAll("[data-selected]").forEach((one) => one.removeAttribute("data-selected"));
    copy.querySelectorAll("details").forEach((one) => { one.open = false; });
    return copy.innerHTML;
  };
  const hovers = matchMedia("(hover: hover)").matches;
  const anchors = () => {
    const found = [];
    if (main.contains(document.activeElement) && document.activeElement !== main) found.push(document.activeElement);
    const over = hovers ? [...main.querySelectorAll(":hover")].pop() : null;
    if (over?.closest("a, button, input, label, summary, textarea, select, [data-live]")) found.push(over);
    return found;
  };
  const isFree = (part, held) => !held.some((one) =>
    part.contains(one) || part.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
  const put = (part, next) => {
    const selected = part.querySelector("[data-selected]")?.dataset.id;
    const opened = [...part.querySelectorAll("details")].map((one) => one.open);
    part.replaceChildren(...next.childNodes);
    part.querySelectorAll("details").forEach((one, at) => { if (opened[at]) one.open = true; });
    if (selected) part.querySelector(`[data-id="${CSS.escape(selected)}"]`)?.setAttribute("data-selected", "");
  };
  const show = (everything = false) => {
    let news = 0, changed = false, stands = false, first = null;
    const held = everything ? [] : anchors();
    for (const part of parts()) {
      const coming = fresh.getElementById(part.id);
      if (part.dataset.stands !== undefined) {
        stands ||= part.dataset.stands !== coming?.dataset.stands;
        continue;
      }
      if (!coming) { stands = true; continue; }
      const next = document.importNode(coming, true);
      const known = new Set(rows(part).map((one) => one.dataset.id));
      const added = rows(next).filter((one) => !known.has(one.dataset.id));
      if (!everything && known.size) { added.forEach((one) => one.remove()); news += added.length; }
      if (plain(part) === plain(next)) continue;
      if (!isFree(part, held)) { changed = true; continue; }
      put(part, next);
      if (everything && known.size && added.length) first ??= added[0];
    }
    waiting = changed;
    button.dataset.reload = stands ? "yes" : "";
    button.hidden = !(news || changed || stands);
    const text = stands || (changed && !news) ? words.changed : news === 1 ? words.one : words.more.replace("#", news);
    if (button.textContent !== text) button.textContent = text;
    first?.querySelector("a")?.focus();
  };
  let waiting = false, later = 0;
  const settle = () => {
    if (!waiting) return;
    clearTimeout(later);
    later = setTimeout(() => { if (waiting && fresh) show(); }, 300);
  };
  document.addEventListener("pointermove", settle, { passive: true });
  document.addEventListener("focusout", settle);
  button.addEventListener("click", () => {
    if (button.dataset.reload) location.assign(place);
    else show(true);
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { inquire(); refresh(true); } });
  document.addEventListener("makegood-hold", () => { held = !held; say(); if (!held) refresh(); });

  const every = document.querySelector("[data-every]")?.dataset.every;
  if (every) setInterval(() => refresh(), Number(every) * 1_000);

  // ---- Who else is here.
  const here = document.querySelector("[data-here]");
  const present = async (gone) => {
    const said = new URLSearchParams({ token: body.dataset.token, subject: here.dataset.here, ...(gone && { gone: "yes" }) });
    try {
      const answer = await fetch("/live/here", { method: "POST", body: said, headers: { ...BY_ITSELF, Accept: "text/html" }, redirect: "manual", keepalive: gone });
      if (gone || !answer.ok) return;
      const html = new DOMParser().parseFromString(await answer.text(), "text/html").body;
      if (html.innerHTML.trim() !== here.innerHTML.trim()) here.replaceChildren(...document.importNode(html, true).childNodes);
    } catch { /* no network: it is said when there is one again */ }
  };
  if (here) {
    setInterval(() => { if (!document.hidden && !over) present(false); }, HERE_EVERY);
    document.addEventListener("visibilitychange", () => { if (!document.hidden && !over) present(false); });
    addEventListener("pagehide", () => { if (!over) present(true); });
  }
})();
