"""What a page weighs and whether it holds still: bytes, requests, and how far anything moves in it."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest
from playwright.sync_api import Response

from benchmarks.console_views import BESIDE, SEE
from tests.browser.conftest import Desk
from tests.browser.test_pages import PAGES

MOST_OF_HTML, MOST_OF_ALL, MOST_REQUESTS = 15_000, 60_000, 5
MOST_MOVED = 0.02


@pytest.mark.exhaustive
@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_is_light_and_holds_still(
    desk: Desk, everybody: str, width: int, record_property: Callable[[str, object], None]
) -> None:
    """Each page's figures stand in the report of ``--junit-xml``; its times are told, and not judged."""
    for path in PAGES:
        if path in ("/docs", "/nowhere"):  # the one is the page of a library, the other an error
            continue
        screen = desk.screen(everybody, width=width)
        screen.page.add_init_script(SEE)
        answers: list[Response] = []
        screen.page.on("response", lambda one, to=answers: to.append(one))
        screen.open(path)
        page = screen.page
        page.wait_for_function("() => window.painted > 0")
        page.keyboard.press("Tab")
        page.keyboard.press("?")
        page.wait_for_function("() => document.querySelector('#keys').open")
        first = [one for one in answers if not one.url.partition("?")[0].endswith(BESIDE)]
        sizes = {one.url: len(gzip.compress(one.body(), 6)) for one in first}
        html = sizes[first[0].url]
        record_property(
            path,
            {"html": html, "all": sum(sizes.values()), "requests": len(first)}
            | page.evaluate("({moved: window.moved, lcp: window.painted, inp: window.waited})"),
        )
        assert html <= MOST_OF_HTML, path
        assert sum(sizes.values()) <= MOST_OF_ALL, path
        assert len(first) <= MOST_REQUESTS, (path, list(sizes))
        assert page.evaluate("window.moved") <= MOST_MOVED, path
        page.context.close()
