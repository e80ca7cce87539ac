"""From the places that words hold for links to the URLs that people follow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from state_machines.effects.words import placeholder
from state_machines.values.instants import parse_instant
from workflow.recovery.links.secret import link_secret
from workflow.recovery.links.token import Pass, sign
from workflow.settings import Settings

PATH = "/l/"
_TOKEN = "[A-Za-z0-9_.-]*[A-Za-z0-9_-]"


def base_url(settings: Settings) -> str:
    """Where links lead: to the address of the world if one is set, else to that of the API."""
    return settings.public_url or f"http://{settings.api_host}:{settings.api_port}"


def with_paths(text: str, base: str) -> Iterator[tuple[str, str | None]]:
    """A sent text in pieces: each with its path on this server if it is a link of ours, else with None.

    Args:
        text: words of a notice with the URLs in their places.
        base: where its links lead, as `base_url` says.
    """
    place = 0
    for found in re.finditer(f"{re.escape(base)}({re.escape(PATH)}{_TOKEN})", text):
        yield text[place : found.start()], None
        yield found[0], found[1]
        place = found.end()
    yield text[place:], None


def without_links(text: str, links: Iterable[str]) -> str:
    """The words of what is not sent yet, with an ellipsis where these links will stand."""
    for name in links:
        text = text.replace(placeholder(name), "…")
    return text


class LinkWriter:
    """Writes links into words. The secret is read when the first link is written."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._secret: bytes | None = None
        self._base = base_url(settings)

    def filled(self, text: str, effect: str, links: Mapping[str, Mapping[str, Any]]) -> str:
        """The text with a URL in every place that it holds for one of these links.

        Args:
            text: words of a notice.
            effect: the notice's idempotency key; the same key gives the same URLs, whenever it is asked.
            links: the notice's links by name.
        """
        for name, link in links.items():
            place = placeholder(name)
            if place in text:
                text = text.replace(place, self._url(effect, name, link))
        return text

    def urls(self, effect: str, words: str, links: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """Of a notice's signed links by name, in the order in which they stand in its `filled` words."""
        found = {name: self._url(effect, name, link) for name, link in links.items() if "page" not in link}
        return dict(sorted(found.items(), key=lambda one: words.find(one[1])))

    def _url(self, effect: str, name: str, link: Mapping[str, Any]) -> str:
        """Of one link of the notice with this idempotency key; one that leads to a page is not signed."""
        if "page" in link:
            return f"{self._base}{link['page']}"
        if self._secret is None:
            self._secret = link_secret(self._settings)
        token = sign(self._secret, Pass(effect, name, parse_instant(link["expires_at"])))
        return f"{self._base}{PATH}{token}"
