"""The drawing of a lifecycle, with the state lit in which a subject is, in the words of its page."""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from hashlib import sha256
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import Path, Query, Request
from starlette.responses import Response

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.diagram import Words, svg
from workflow.api.auth import may_read
from workflow.api.browser import BrowserHolder
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.parameters import Name
from workflow.console.labels import labels
from workflow.console.translations import ENGLISH, LANGUAGES, translations
from workflow.errors import NotFound, UnknownDefinition

router = LateRouter(include_in_schema=False)
_SIZE = re.compile(r'viewBox="0 0 (\d+) (\d+)"')
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


@router.get("/lifecycles/{name}/{version}/drawing.svg")
def drawing(
    request: Request,
    holder: BrowserHolder,
    name: Name,
    version: Annotated[int, Path(ge=1, le=2**31 - 1)],
    state: Annotated[Name, Query()],
    language: Annotated[Name, Query()] = ENGLISH,
) -> Response:
    """SVG. Raises NotFound where there is no such lifecycle, version or state.

    The language stands in the address: a browser keeps each drawing by itself.
    """
    may_read(holder, name)
    try:
        lifecycle = context_of(request).runtime.registry.get(name, version)
    except UnknownDefinition as error:
        raise NotFound(str(error)) from None
    if state not in lifecycle.states:
        raise NotFound(f"state: {name} has no state {state!r}")
    if language not in LANGUAGES:
        raise NotFound(f"language: {language!r} is none of {', '.join(LANGUAGES)}")
    own = context_of(request).runtime.settings.lifecycles
    return drawn(_lit(lifecycle, state, language, own), "private, max-age=86400")


@lru_cache(maxsize=512)
def words_of(lifecycle: Lifecycle, language: str, own: FilePath | None) -> Words:
    """What readers of this language call its states and triggers; `own` as of `labels`."""
    label, name = labels(language, own), lifecycle.name
    version = translations(language).gettext("version %(n)s") % {"n": lifecycle.version}
    definition = lifecycle.definition
    return Words(
        f"{label('lifecycle', name)} ({version})",
        {one.name: label("state", one.name, name) for one in definition.states},
        {one: label("trigger", one, name) for one in lifecycle.triggers},
    )


@lru_cache(maxsize=512)
def _lit(lifecycle: Lifecycle, state: str, language: str, own: FilePath | None) -> str:
    return svg(lifecycle.definition, present=state, words=words_of(lifecycle, language, own))


def size_of_lit(lifecycle: Lifecycle, state: str, language: str, own: FilePath | None) -> tuple[int, int]:
    """Width and height of the drawing with this state lit: a page keeps room for it until it is there."""
    return size_of(_lit(lifecycle, state, language, own))


@lru_cache(maxsize=512)
def size_of_counted(lifecycle: Lifecycle, language: str, own: FilePath | None) -> tuple[int, int]:
    """About those of the drawing with how many are in each state."""
    counts = {one.name: "0" for one in lifecycle.definition.states}
    return size_of(svg(lifecycle.definition, counts=counts, words=words_of(lifecycle, language, own)))


def size_of(text: str) -> tuple[int, int]:
    """Width and height of a drawing."""
    found = _SIZE.search(text)
    assert found is not None, "a drawing says how large it is"
    return int(found[1]), int(found[2])


def drawn(text: str, kept: str) -> Response:
    """A drawing, with a policy that lets its own style be, by its digest, and nothing else.

    Args:
        kept: for how long a browser keeps it, as `Cache-Control` says it.
    """
    digests = (base64.b64encode(sha256(style.encode()).digest()).decode() for style in _STYLE.findall(text))
    styles = " ".join(f"'sha256-{digest}'" for digest in digests)
    headers = {
        "Content-Security-Policy": f"default-src 'none'; style-src {styles}; frame-ancestors 'none'",
        "Cache-Control": kept,
        "X-Content-Type-Options": "nosniff",
    }
    return Response(text, media_type="image/svg+xml", headers=headers)
