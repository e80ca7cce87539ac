// The service worker of bells: shows what a push says, and opens the page that a press leads to. It keeps nothing, and
// no request of a page goes through it.
"use strict";
const BELL = "makegood-bell";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

const read = (data) => {
  try { return data?.json() ?? {}; } catch { return {}; }
};
const pages = () => self.clients.matchAll({ type: "window", includeUncontrolled: true });

self.addEventListener("push", (event) => {
  const { id = "", title = "makegood", body = "", language = "en", page = "/line" } = read(event.data);
  event.waitUntil((async () => {
    const shown = await self.registration.getNotifications({ tag: BELL });
    if (id && shown.some((one) => one.data?.id === id)) return; // a second copy
    const isSeen = (await pages()).some((one) => one.visibilityState === "visible"); // then the page itself rings
    await self.registration.showNotification(title, {
      body, lang: language, tag: BELL, renotify: !isSeen, silent: isSeen, requireInteraction: true, data: { id, page },
    });
  })());
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil((async () => {
    const asked = new URL(event.notification.data?.page ?? "/line", self.location.origin);
    const url = asked.origin === self.location.origin ? asked : new URL("/line", self.location.origin);
    const open = (await pages()).find((one) => new URL(one.url).pathname === url.pathname);
    if (open) {
      open.postMessage({ kind: "heard" });
      return open.focus();
    }
    return self.clients.openWindow(`${url.pathname}#heard`);
  })());
});
