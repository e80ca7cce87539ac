// The bell: says by a sound that somebody new waits, until it is acknowledged, if somebody wants that in this browser.
// The press that asks for it unlocks the sound. One tab rings; what was acknowledged is so in all of them.
(() => {
  const words = document.querySelector("#live-words")?.dataset;
  const banner = document.querySelector("#bell");
  if (!words || !banner || !window.AudioContext || !window.BroadcastChannel) return;
  const EVERY = 20_000;
  const text = banner.querySelector("[data-text]");
  const muted = banner.querySelector("[data-muted]");
  const title = document.title;
  const kept = (name, otherwise) => {
    try { return JSON.parse(localStorage.getItem(`makegood/${name}`)) ?? otherwise; } catch { return otherwise; }
  };
  const keep = (name, value) => { try { localStorage.setItem(`makegood/${name}`, JSON.stringify(value)); } catch { /* then for this page alone */ } };
  let wish = kept("bell", null); // {from, to}: quiet hours; null: no bell
  let waiting = [], rings = 0, sound = null, first = false;

  // ---- The sound: two short notes, made here.
  const unlocked = () => {
    sound ??= new AudioContext();
    if (sound.state === "suspended") sound.resume().then(show, () => {});
    return sound.state === "running";
  };
  const note = (at, pitch) => {
    const tone = sound.createOscillator(), level = sound.createGain();
    tone.frequency.value = pitch;
    level.gain.setValueAtTime(0.0001, at);
    level.gain.exponentialRampToValueAtTime(0.25, at + 0.02);
    level.gain.exponentialRampToValueAtTime(0.0001, at + 0.25);
    tone.connect(level).connect(sound.destination);
    tone.start(at);
    tone.stop(at + 0.3);
  };
  const ring = () => {
    if (!unlocked()) return show();
    note(sound.currentTime, 660);
    note(sound.currentTime + 0.28, 880);
  };
  const isQuiet = () => {
    const now = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: words.zone });
    const { from, to } = wish;
    if (!from || !to || from === to) return false;
    return from < to ? now >= from && now < to : now >= from || now < to;
  };

  // ---- Who is new: whom nobody has acknowledged here.
  const unheard = () => {
    const heard = new Set(kept("heard", []));
    return waiting.filter((one) => !heard.has(one));
  };
  const acknowledge = () => { keep("heard", waiting); show(); };
  const show = () => {
    const many = wish ? unheard().length : 0;
    banner.hidden = !many;
    document.title = many ? `(${many}) ${title}` : title;
    muted.hidden = !sound || sound.state === "running";
    const said = many === 1 ? words.waitsOne : words.waitsMore.replace("#", many);
    if (many && text.textContent !== said) text.textContent = said;
    clearTimeout(rings);
    if (many && first && !isQuiet()) { ring(); rings = setTimeout(show, EVERY); }
  };
  const look = async () => {
    if (!wish) return;
    try {
      const answer = await fetch("/live/waiting", { headers: { "Makegood-By-Itself": "yes" }, redirect: "manual" });
      if (!answer.ok) return;
      ({ waiting } = await answer.json());
    } catch { return; /* no network: the page says so */ }
    const heard = kept("heard", null);
    if (!heard) keep("heard", waiting); // who waited before anybody asked for the bell
    else keep("heard", heard.filter((one) => waiting.includes(one)));
    show();
  };
  document.addEventListener("makegood", ({ detail }) => {
    if (detail.kind === "open" || (detail.kind === "hint" && detail.lifecycles.some((one) => one === "callback" || one === "escalation"))) look();
  });
  addEventListener("storage", ({ key }) => {
    if (key === "makegood/bell") { wish = kept("bell", null); settings(); }
    if (key?.startsWith("makegood/")) show();
  });
  banner.querySelector("[data-key=a]").addEventListener("click", () => {
    acknowledge();
    document.dispatchEvent(new Event("makegood-heard"));
  });
  document.addEventListener("makegood-acknowledge", async () => { await look(); acknowledge(); });
  document.addEventListener("pointerdown", () => { if (wish) unlocked(); });
  document.addEventListener("keydown", () => { if (wish) unlocked(); });
  // Only one tab rings: whichever has the lock.
  if (navigator.locks) navigator.locks.request("makegood-bell", () => new Promise((release) => {
    first = true;
    addEventListener("pagehide", release);
    show();
  }));
  else first = true;
  look();

  // ---- What somebody wants: on today's page.
  const form = document.querySelector("#bell-settings");
  const settings = () => {
    if (!form) return;
    form.hidden = false;
    form.querySelector("[data-on]").hidden = !!wish;
    form.querySelector("[data-off]").hidden = !wish;
    if (wish) for (const name of ["from", "to"]) form.elements[name].value = wish[name];
  };
  if (form) {
    const taken = () => {
      wish = { from: form.elements.from.value, to: form.elements.to.value };
      keep("bell", wish);
      settings();
    };
    form.querySelector("[data-on]").addEventListener("click", () => {
      taken();
      unlocked();
      ring();
      keep("heard", null);
      look();
    });
    form.querySelector("[data-off]").addEventListener("click", () => { wish = null; keep("bell", null); settings(); show(); });
    form.addEventListener("change", () => { if (wish) { taken(); show(); } });
    form.addEventListener("submit", (event) => event.preventDefault());
    settings();
  }
})();
