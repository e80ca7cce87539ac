"""In which form an answer is wanted: the header `Accept` (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence

JSON, HTML, MARKDOWN = "application/json", "text/html", "text/markdown"
SVG = "image/svg+xml"


def preferred(accept: str | None, offered: Sequence[str]) -> str:
    """The offered media type that the caller likes best; the first one when they do not say or like none.

    Of what is liked equally the first offered wins, so that ``*/*`` gets that too.
    """
    ranges = [_range(part) for part in (accept or "*/*").split(",") if part.strip()]
    return max(offered, key=lambda one: (_quality(one, ranges), -offered.index(one)))


def _range(text: str) -> tuple[str, float]:
    """A media range and its weight; a weight that cannot be read counts as none."""
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    weights = [one.removeprefix("q=") for one in parameters if one.startswith("q=")]
    try:
        return name, float(weights[0]) if weights else 1.0
    except ValueError:
        return name, 0.0


def _quality(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The weight of the range that fits it most closely; 0 when none does."""
    wider = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    fitting = ((wider.index(name), weight) for name, weight in ranges if name in wider)
    return min(fitting, default=(0, 0.0))[1]


def accepted_languages(header: str | None) -> list[str]:
    """The tags of a header `Accept-Language` (RFC 9110, 12.5.4), the one that is liked best first."""
    found = [_range(part) for part in (header or "").split(",")[:20] if part.strip()]
    return [tag for tag, weight in sorted(found, key=lambda one: -one[1]) if weight > 0]


def accepts_coding(header: str | None, coding: str) -> bool:
    """Whether a header `Accept-Encoding` (RFC 9110, 12.5.3) names this coding and does not rule it out."""
    return coding in accepted_languages(header)  # the lists of both headers have the same form
