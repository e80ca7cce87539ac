"""From the commit of a change to another browser: one that looks on, eight tabs, and two hundred agents."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import time
from urllib.parse import urlsplit

import psycopg
from playwright.sync_api import Browser, Page, expect

from benchmarks.console_views import page_of
from workflow.console.hints import topic

_LEFT = """
window.left = {};
const known = new Set();
const look = () => {
  const here = new Set([...document.querySelectorAll("[data-id]")].map((one) => one.dataset.id));
  const now = performance.timeOrigin + performance.now();
  for (const one of known) if (!here.has(one)) window.left[one] ??= now;
  for (const one of here) known.add(one);
};
look();
new MutationObserver(look).observe(document.querySelector("main"), { subtree: true, childList: true });
"""
_COMMITTED = (
    "select extract(epoch from pg_xact_commit_timestamp(moves.xmin)) from moves"
    " join subjects on subjects.id = moves.subject_id where subjects.key = %s and moves.trigger = 'claim'"
    " order by moves.id desc limit 1"
)
_REST = 800
"""Milliseconds between two calls of an agent: nobody is faster."""


@dataclass(slots=True)
class Agent:
    """Somebody who takes one call after the other by keys alone, and how many keys they need for each."""

    page: Page
    taken: list[str] = field(default_factory=list)

    def take_and_tell(self) -> str:
        """From the line to an outcome, and back at the line, with four keys; the call's key."""
        keys = self.page.keyboard
        if "kind=callback" not in self.page.url:  # escalations, too, wait in the line; here calls are taken
            self.page.goto(self.page.url.partition("?")[0] + "?kind=callback")
        keys.press("n")
        self.page.wait_for_url("**/work/callback:**")
        key = self.page.url.rpartition("/")[2]
        keys.press("o")
        keys.press("1")
        keys.press("Control+Enter")
        self.page.wait_for_url("**/line**")
        self.taken.append(key)
        self.page.wait_for_timeout(_REST)
        return key


def is_live(page: Page) -> None:
    """It says so."""
    expect(page.locator("#live-status")).to_have_text("live", timeout=60_000)


def looking_on(browser: Browser, base: str, token: str, tabs: int) -> list[Page]:
    """Tabs of one browser with the line open, live, that note when a row has gone."""
    pages = [page_of(browser, base, token)]
    pages += [pages[0].context.new_page() for _ in range(tabs - 1)]
    for page in pages:
        page.goto(f"{base}/line?kind=callback")
        is_live(page)
        page.mouse.move(2, 2)
        page.evaluate(_LEFT)
    return pages


def waits(pages: Sequence[Page], keys: Sequence[str], conninfo: str) -> list[float]:
    """Milliseconds from the commit of each claim until its row has left the last of these tabs."""
    pages[0].wait_for_timeout(2_000)
    found = []
    left = [page.evaluate("window.left") for page in pages]
    with psycopg.connect(conninfo) as connection:
        for key in keys:
            row = connection.execute(_COMMITTED, (key,)).fetchone()
            assert row is not None, key
            seen = [one[key] for one in left if key in one]
            if len(seen) == len(pages):  # rows below the first fifty were never there
                found.append(max(seen) - 1000 * float(row[0]))
    return found


class Streams:
    """So many agents who have a page open: each has a stream of hints of their own.

    They run in this process, on an event loop of their own.
    """

    def __init__(self, base: str, tokens: Sequence[str]) -> None:
        place = urlsplit(base)
        self._host, self._port = place.hostname or "127.0.0.1", place.port or 80
        self._tokens = tokens
        self.heard: dict[str, list[float]] = {}
        """By topic, when each stream had its first hint of it (Unix time)."""
        self.open = 0

    async def follow(self, seconds: float) -> None:
        """Open all of them, and listen for so long."""
        tasks = [asyncio.create_task(self._one(token)) for token in self._tokens]
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, token: str) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        head = f"GET /live HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nCookie: makegood={token}\r\n"
        writer.write(f"{head}Accept: text/event-stream\r\n\r\n".encode())
        seen: set[str] = set()
        status = await reader.readline()
        assert b" 200 " in status, status
        self.open += 1
        async for line in reader:
            if line.startswith(b"data: ") and b'"subjects"' in line:
                now = time()
                for one in set(json.loads(line[6:])["subjects"]) - seen:
                    seen.add(one)
                    self.heard.setdefault(one, []).append(now)

    def waits(self, keys: Sequence[str], conninfo: str) -> list[float]:
        """Milliseconds from the commit of each claim to the hint in each of the streams."""
        found = []
        with psycopg.connect(conninfo) as connection:
            for key in keys:
                row = connection.execute(_COMMITTED, (key,)).fetchone()
                assert row is not None, key
                found += [1000 * (one - float(row[0])) for one in self.heard.get(topic(key), ())]
        return found
