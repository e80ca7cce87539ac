"""The words of a page: what a person sees of HTML that a mail or a helpdesk brings, as plain text.

The standard library's parser goes through the rest of a page again for each comment and tag that does not
end, so that a mail of 400 KiB keeps it for hours. Here each character is looked at once; what begins and does
not end, ends the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

LONGEST = 1_000_000
"""Characters of a page that are read."""
_BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "blockquote"})
_UNSEEN = frozenset({"script", "style", "head", "title"})
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")


def html_text(page: str) -> str:
    """``html_text('<p>It <b>works</b>.</p>')``: the words of HTML, a line each where a page breaks them."""
    lines = "".join(_pieces(page[:LONGEST])).splitlines()
    return "\n".join(" ".join(line.split()) for line in lines).strip()


def _pieces(page: str) -> Iterator[str]:
    """What is seen, in order: texts, and breaks of lines."""
    lower, place = page.lower(), 0
    while place < len(page):
        opens = page.find("<", place)
        if opens < 0:
            yield unescape(page[place:])
            return
        yield unescape(page[place:opens])
        tag = _TAG.match(page, opens)
        name = "" if tag is None else tag[2].lower()
        if page.startswith("<!--", opens):
            place = _behind(page, "-->", opens)
        elif tag is not None and name in _UNSEEN and not tag[1]:
            place = _behind(page, ">", _behind(lower, f"</{name}", opens))
        elif tag is not None or page[opens + 1 : opens + 2] in ("!", "?", "/"):
            place = _behind(page, ">", opens)
            if name in _BREAKS and not (tag is not None and tag[1]):
                yield "\n"
        else:  # a sign, as in `a < b`
            yield "<"
            place = opens + 1


def _behind(page: str, end: str, place: int) -> int:
    """The place behind the next such end; that of the page where there is none."""
    found = page.find(end, place)
    return len(page) if found < 0 else found + len(end)
