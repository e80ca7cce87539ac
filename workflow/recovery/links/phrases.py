"""What a link's page says by itself, in the languages that makegood speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from workflow.recovery.translated import ENGLISH, in_languages


@dataclass(frozen=True, slots=True)
class Phrases:
    """One language."""

    language: str
    send: str
    choose: str
    optional: str
    yes: str
    no: str
    thanks_title: str
    thanks: str
    already_title: str
    already: str
    over_title: str
    over: str
    expired_title: str
    expired: str
    unknown_title: str
    unknown: str
    incomplete_title: str
    incomplete: str
    late_title: str
    late: str
    refused: str


_ENGLISH = dict(
    send="Send",
    choose="Please choose one",
    optional="if you like",
    yes="Yes",
    no="No",
    thanks_title="Thank you",
    thanks="We have your answer. You need not do anything else.",
    already_title="You have answered already",
    already="This is what we have from you; it was not changed:",
    over_title="This is settled",
    over="Your answer is no longer needed; things have moved on since we wrote to you. "
    "If something is open for you, just answer the message in which you found this link.",
    expired_title="This link has expired",
    expired="It could be used until a certain time, and that is over. "
    "If something is open for you, just answer the message in which you found this link.",
    unknown_title="We do not know this link",
    unknown="It may have been cut off when it was copied. Please open it from the message once more.",
    incomplete_title="Something is missing",
    incomplete="Please complete what is marked and send it again.",
    late_title="This is no longer possible",
    late="What you chose is not free any more. If a newer message from us offers other times, please use "
    "the link in that one.",
    refused="It was not done, and nothing has changed. Why: {reason}",
)


@cache
def _spoken() -> Mapping[str, Phrases]:
    return {
        language: Phrases(language, **texts) for language, texts in in_languages("link", _ENGLISH).items()
    }


def phrases(language: str) -> Phrases:
    """Those of a language, or the English ones."""
    spoken = _spoken()
    return spoken.get(language.partition("-")[0], spoken[ENGLISH])


def phrases_for(accept_language: str | None) -> Phrases:
    """Those that a browser prefers (RFC 9110, 12.5.4, in the order given), where no notice says better."""
    for one in (accept_language or "").split(","):
        first = one.split(";")[0].strip().lower().partition("-")[0]
        if first in _spoken():
            return _spoken()[first]
    return _spoken()[ENGLISH]
