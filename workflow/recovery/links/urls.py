"""From the places that words hold for links to the URLs that people follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from state_machines.effects.words import placeholder
from state_machines.values.instants import parse_instant
from workflow.recovery.links.secret import link_secret
from workflow.recovery.links.token import Pass, sign
from workflow.settings import Settings

PATH = "/l/"


class LinkWriter:
    """Writes links into words. The secret is read when the first link is written."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._secret: bytes | None = None
        self._base = settings.public_url or f"http://{settings.api_host}:{settings.api_port}"

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
                text = text.replace(place, self.url(effect, name, link))
        return text

    def url(self, effect: str, name: str, link: Mapping[str, Any]) -> str:
        """The URL of one link of the notice with this idempotency key."""
        if self._secret is None:
            self._secret = link_secret(self._settings)
        token = sign(self._secret, Pass(effect, name, parse_instant(link["expires_at"])))
        return f"{self._base}{PATH}{token}"
