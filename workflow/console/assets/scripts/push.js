// A bell in this browser while no page is open: its service worker shows what a push service brings, if somebody wants it.
(() => {
  const words = document.querySelector("#live-words")?.dataset;
  if (!words?.pushKey || !navigator.serviceWorker || !window.PushManager || !window.Notification) return;
  const AGAIN = 3_600_000; // so often at most a browser says that it still wants it, besides once in each session
  const NAME = "makegood/push";
  const kept = () => { try { return JSON.parse(localStorage.getItem(NAME)); } catch { return null; } };
  const keep = (value) => { try { localStorage.setItem(NAME, JSON.stringify(value)); } catch { /* then it is asked for anew */ } };
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const post = (path, said, byItself) => fetch(path, {
    method: "POST", body: new URLSearchParams({ token: document.body.dataset.token, ...said }), redirect: "manual", keepalive: true,
    headers: byItself ? { "Makegood-By-Itself": "yes" } : {},
  });

  // ---- This browser at its push service. Asked for under another key of ours, it is asked for anew.
  const worker = () => navigator.serviceWorker.register(words.pushWorker, { scope: "/", updateViaCache: "none" });
  const subscribed = async () => {
    await worker();
    const { pushManager } = await navigator.serviceWorker.ready;
    const found = await pushManager.getSubscription();
    const key = found?.options?.applicationServerKey;
    if (found && key && text(key) === words.pushKey) return found;
    await found?.unsubscribe();
    return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(words.pushKey) });
  };
  const say = async (hours, byItself) => {
    const found = await subscribed();
    const said = { endpoint: found.endpoint, public_key: text(found.getKey("p256dh")), auth: text(found.getKey("auth")), ...hours };
    const answer = await post("/bells", said, byItself);
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    keep({ who: words.pushFor, within: words.pushIn, at: Date.now(), endpoint: found.endpoint, ...hours });
  };
  const isMine = (wish) => wish?.who === words.pushFor;
  const wish = kept();
  if (isMine(wish) && Notification.permission === "granted" && (wish.within !== words.pushIn || Date.now() - wish.at > AGAIN)) {
    say({ quiet_from: wish.quiet_from, quiet_to: wish.quiet_to }, true).catch(() => { /* the next page says it */ });
  }

  // ---- Heard: here, by the key, or in a notification that was pressed.
  const heard = () => post("/bells/heard", {}, false).catch(() => { /* no network: it rings once more */ });
  document.addEventListener("makegood-heard", heard);
  const acknowledged = () => { document.dispatchEvent(new Event("makegood-acknowledge")); heard(); };
  navigator.serviceWorker.addEventListener("message", ({ data }) => { if (data?.kind === "heard") acknowledged(); });
  if (location.hash === "#heard") {
    history.replaceState(history.state, "", location.pathname + location.search);
    acknowledged();
  }

  // ---- What somebody wants: on today's page.
  const form = document.querySelector("#bell-settings");
  const part = form?.querySelector("#bell-push");
  if (!part) return;
  const on = part.querySelector("[data-on]"), off = part.querySelector("[data-off]"), status = part.querySelector("[role=status]");
  const hours = () => ({ quiet_from: form.elements.from.value, quiet_to: form.elements.to.value });
  const show = () => {
    part.hidden = false;
    const isOn = isMine(kept()) && Notification.permission === "granted";
    on.hidden = isOn;
    off.hidden = !isOn;
  };
  const tell = (word) => { status.textContent = word ? part.dataset[word] : ""; };
  on.addEventListener("click", async () => {
    on.disabled = true;
    try {
      if ((await Notification.requestPermission()) !== "granted") return tell("refused");
      await say(hours(), false);
      tell("done");
    } catch {
      tell("failed");
    } finally {
      on.disabled = false;
      show();
    }
  });
  off.addEventListener("click", async () => {
    const { endpoint = "" } = kept() ?? {};
    try {
      const answer = await post("/bells/off", { endpoint }, false);
      if (!answer.ok) return tell("failed");
      keep(null);
      const { pushManager } = await navigator.serviceWorker.ready;
      await (await pushManager.getSubscription())?.unsubscribe();
      tell("over");
    } catch {
      tell("failed");
    } finally {
      show();
    }
  });
  form.addEventListener("change", () => { if (isMine(kept())) say(hours(), false).catch(() => tell("failed")); });
  show();
})();
