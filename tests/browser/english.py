"""English that a reader of German gets to see, although nobody has written it: what we say ourselves.

What people and other systems have said is quoted on a page as they said it; it is known from the ledger. What
is left and reads as English is ours, wherever it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from tests.api.conftest import House
from tests.browser.conftest import Screen
from workflow.recovery.links.urls import without_links
from workflow.store import schema
from workflow.store.own_sources import ASIDE_SOURCE
from workflow.store.port import Store

_ENGLISH = re.compile(
    r"(?<![\w-])(the|and|is|are|not|who|by|with|of|that|has|have|this|it|to|for|must|nobody|be|been|we|no|at|or|from"
    r"|does|their|they|there|which|how|when|what)(?![\w-])",
    re.IGNORECASE,
)
"""Words of English that are none of German, and stand in most sentences."""
_NOT_OURS = "script, style, code, pre, textarea, option, svg, [lang=en], [translate=no]"
"""Where programs speak, or somebody's own text is shown."""
_TEXTS = f"""() => {{
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {{
    const text = walker.currentNode.textContent.replace(/\\s+/g, " ").trim();
    if (text && !walker.currentNode.parentElement.closest("{_NOT_OURS}")) found.push(text);
  }}
  for (const name of ["aria-label", "placeholder", "title", "alt"])
    for (const one of document.querySelectorAll(`[${{name}}]`))
      if (!one.closest("{_NOT_OURS}")) found.push(one.getAttribute(name));
  return found;
}}"""


def english_of_ours(screen: Screen, *stores: Store) -> list[str]:
    """Texts of the page that is open which are English, and which nobody has said in these stores."""
    quoted = sorted({one for store in stores for one in said_by_others(store)}, key=len, reverse=True)
    return sorted({text for text in screen.page.evaluate(_TEXTS) if is_english(_without(text, quoted))})


def stores_of(house: House) -> list[Store]:
    """Where what people have said is kept: in earnest, and with test keys."""
    opened = house.door.rehearsal.there() if house.door.rehearsal is not None else None
    return [house.runtime.store, *([opened.runtime.store] if opened is not None else [])]


def is_english(text: str) -> bool:
    """Whether it has two words, at least, that only English has."""
    return len(_ENGLISH.findall(text)) >= 2


def said_by_others(store: Store) -> Iterator[str]:
    """What came with events that are not makegood's own; what notices say, in their readers' language."""
    event, effect, key = schema.events.c, schema.outbox.c, schema.keys.c
    by_others = ~event.source.startswith("/makegood") | (event.source == ASIDE_SOURCE)
    with store.connect() as connection:
        for data in connection.scalars(select(event.data).where(by_others)):
            yield from _texts(data)
        for row in connection.execute(select(effect.payload, effect.receipt).where(effect.kind == "notice")):
            words = without_links(row.payload.get("words") or "", row.payload.get("links") or {})
            yield from _texts([row.payload.get("title"), row.payload.get("words"), words, row.receipt])
        yield from connection.scalars(select(key.name))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield " ".join(value.split())
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _without(text: str, quoted: list[str]) -> str:
    """The text without what is quoted in it, whole or, where it was cut, up to there."""
    if text.endswith("…") or text.endswith("..."):
        beginning = text.rstrip("….").rpartition(": ")[2][:60]
        if any(beginning in one for one in quoted):
            return text.rpartition(": ")[0]
    for one in quoted:
        if len(one) > 2 and one in text:
            text = text.replace(one, " ")
    return text
