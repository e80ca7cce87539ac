"""Pages of the console in Chromium: what a first view weighs, how soon it paints, whether it holds still."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from playwright.sync_api import Browser, CDPSession, Page

BESIDE = ("/live", "/live/here", "/live/waiting", "icon.svg")
"""What a page asks for once it is there, and the icon of its tab."""
_PATIENCE = 60_000.0
THROTTLED = {
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
    "offline": False,
}
"""A slow fourth generation network: 150 ms for each request, 1.6 Mbit/s down, 0.75 up."""
SEE = """
window.moved = 0; window.painted = 0; window.waited = 0;
new PerformanceObserver((seen) => {
  for (const one of seen.getEntries()) if (!one.hadRecentInput) window.moved += one.value;
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((seen) => { window.painted = seen.getEntries().at(-1).startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((seen) => {
  for (const one of seen.getEntries()) window.waited = Math.max(window.waited, one.duration);
}).observe({ type: "event", durationThreshold: 16, buffered: true });
"""
_KEYS = ("Tab", "j", "j", "k", "?", "Escape")


@dataclass(frozen=True, slots=True)
class View:
    """A first view with an empty cache.

    Attributes:
        html, all: bytes over the network, compressed, heads included. requests: until it is there.
        moved: the layout shift. painted: milliseconds until its largest part, over the slow network.
        waited: milliseconds until the slowest answer to a key is on the screen.
    """

    html: int
    all: int
    requests: int
    moved: float
    painted: float
    waited: float


def first_view(browser: Browser, base: str, token: str | None, path: str, times: int) -> View:
    """The medians of so many views of a page."""
    seen = [_seen(browser, base, token, path) for _ in range(times)]
    return View(
        round(median(one.html for one in seen)),
        round(median(one.all for one in seen)),
        max(one.requests for one in seen),
        max(one.moved for one in seen),
        median(one.painted for one in seen),
        median(one.waited for one in seen),
    )


def page_of(browser: Browser, base: str, token: str | None) -> Page:
    """A browser of its own, in which somebody has signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(_PATIENCE)
    if token is not None:
        context.add_cookies([{"name": "makegood", "value": token, "url": base}])
    return context.new_page()


def _seen(browser: Browser, base: str, token: str | None, path: str) -> View:
    page = page_of(browser, base, token)
    page.add_init_script(SEE)
    sizes = _Sizes(page)
    page.goto(base + path)
    page.wait_for_function("() => window.painted > 0")
    for key in _KEYS:
        page.keyboard.press(key)
        page.wait_for_timeout(60)
    moved, waited = page.evaluate("[window.moved, window.waited]")
    html, everything, requests = sizes.told(base + path)
    page.context.close()
    page = page_of(browser, base, token)
    page.add_init_script(SEE)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", THROTTLED)
    page.goto(base + path)
    page.wait_for_function("() => window.painted > 0")
    page.wait_for_timeout(300)  # something larger may come
    painted, shifted = page.evaluate("[window.painted, window.moved]")
    page.context.close()
    return View(html, everything, requests, max(moved, shifted), painted, waited)


class _Sizes:
    """What comes over the network, as the browser itself counts it."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._urls: dict[str, str] = {}
        self._bytes: dict[str, int] = {}
        self._session.on("Network.requestWillBeSent", self._asked)
        self._session.on("Network.loadingFinished", self._loaded)
        self._session.send("Network.enable")

    def _asked(self, said: dict[str, object]) -> None:
        request = said["request"]
        assert isinstance(request, dict)
        self._urls[str(said["requestId"])] = str(request["url"])

    def _loaded(self, said: dict[str, object]) -> None:
        self._bytes[str(said["requestId"])] = int(said["encodedDataLength"])  # type: ignore[call-overload]

    def told(self, url: str) -> tuple[int, int, int]:
        """Bytes of the page, of all that a first view takes, and how many requests that were."""
        first = {
            id: size
            for id, size in self._bytes.items()
            if not self._urls[id].partition("?")[0].endswith(BESIDE)
        }
        html = next(size for id, size in first.items() if self._urls[id] == url)
        return html, sum(first.values()), len(first)
