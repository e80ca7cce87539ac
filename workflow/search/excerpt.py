"""By what a subject was found: which of its texts, and where in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from state_machines.values.searched import TEXTS, Said, SearchedAs
from workflow.search.letters import digits_of, spans, squeezed
from workflow.search.tiers import Asked, Match

Mark = tuple[int, int]
_AROUND, _LONGEST = 60, 200
_BY_WORDS = (SearchedAs.NAME, SearchedAs.WORDS, SearchedAs.ACCOUNT, SearchedAs.EMAIL)
KEY = "key"


@dataclass(frozen=True, slots=True)
class Found:
    """By what a subject was found.

    Attributes:
        match: how, see `Match`.
        field: what the text is: key, account, phone, email, name or words.
        text: the text, or the part of it that has the words.
        marks: where in it what was looked for stands, as [from, to).
    """

    match: Match
    field: str
    text: str
    marks: list[Mark]


def found_by(
    key: str, said: Sequence[Said], asked: Asked, match: Match, similar: Collection[str] = ()
) -> Found:
    """Where what was asked stands in the texts of a subject with this key.

    Args:
        similar: words that were looked for in place of mistyped ones.
    """
    if match in (Match.EXACT, Match.PART):
        whole = _identified(key, said, asked, match)
        if whole is not None:
            field, text = whole
            return Found(match, field, text[:_LONGEST], [(0, min(len(text), _LONGEST))])
    kinds = (SearchedAs.NAME,) if match in (Match.NAME, Match.BEGINNING, Match.SIMILAR_NAME) else _BY_WORDS
    best, most = Said(SearchedAs.WORDS, ""), 0
    for kind in kinds:
        for one in said:
            met = len(_met(one.text, asked, similar)) if one.kind is kind else 0
            if met > most:
                best, most = one, met
    if not most:
        return Found(match, KEY, key, [])
    text, marks = _cut(best.text, _marker(asked, similar))
    return Found(match, best.kind.value, text, marks)


def _identified(key: str, said: Sequence[Said], asked: Asked, match: Match) -> tuple[str, str] | None:
    """The key, account, number or address that was asked for, or begins so."""
    texts = [Said(SearchedAs.NO, key), Said(SearchedAs.NO, key.partition(":")[2])]
    texts += sorted((one for one in said if one.kind in TEXTS[:3]), key=lambda one: TEXTS.index(one.kind))
    for kind, text in texts:
        if kind is SearchedAs.PHONE:
            fits = asked.digits is not None and _is_end(asked.digits, digits_of(text))
        elif match is Match.EXACT:
            fits = squeezed(text) == asked.squeezed
        else:
            fits = squeezed(text).startswith(asked.squeezed)
        if fits:
            return (KEY, key) if kind is SearchedAs.NO else (kind.value, text)
    return None


def _is_end(one: str, other: str) -> bool:
    return one.endswith(other) or other.endswith(one)


def _met(text: str, asked: Asked, similar: Collection[str]) -> set[str]:
    """Which of the words that were asked for stand in a text."""
    met: set[str] = set()
    for _, _, words in spans(text):
        for word in words:
            met.update(one for one in asked.words if word.startswith(one))
            if word in similar:
                met.add(word)
    return met


def _marker(asked: Asked, similar: Collection[str]) -> Callable[[Sequence[str]], bool]:
    return lambda words: any(word.startswith(asked.words) or word in similar for word in words)


def _cut(text: str, is_marked: Callable[[Sequence[str]], bool]) -> tuple[str, list[Mark]]:
    """A text in one line, of a bounded length around the first mark, and the marks in it."""
    text = " ".join(text.split())
    marks = [(start, stop) for start, stop, words in spans(text) if is_marked(words)]
    if len(text) <= _LONGEST:
        return text, marks
    begin = max(0, marks[0][0] - _AROUND) if marks else 0
    begin = text.rfind(" ", 0, begin) + 1 if begin else 0
    end = min(len(text), begin + _LONGEST)
    lead, tail = "… " if begin else "", " …" if end < len(text) else ""
    moved = len(lead) - begin
    kept = [(start + moved, stop + moved) for start, stop in marks if begin <= start and stop <= end]
    return lead + text[begin:end] + tail, kept
