"""What the system itself has said, in the language of whoever reads it.

Some sentences are written before anybody knows who will read them, and kept: words of the house that became
data, reasons in the ledger, steps of an explanation, which rule is broken. They are known by their form, from
``sentences.po`` of a language and from the words of the house, and are said again with the same values. What
people have written is of none of these forms, and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache

from babel.dates import get_day_names
from babel.messages.pofile import read_po

from workflow.console.translations import po_file, translations
from workflow.recovery.house_words import house_words
from workflow.recovery.sentence_forms import Form, form_of

Reword = Callable[[str], str]
Name = Callable[[str, str], str]
"""``name(kind, name)``: what a trigger or a state is called."""
VALUE = "value"
"""The context of what is only said within a sentence."""
_LONGEST, _DEEPEST = 2_000, 4
"""Characters of a text that is looked at, and how many sentences one may hold, each within another."""
_NAMED = {"trigger": "trigger", "triggers": "trigger", "state": "state", "states": "state"}
"""Places that hold names of a definition, one or several, and of which kind."""
_OURS = frozenset(
    {"length", "left", "part", "span", "days", "first", "step", "exception", "sender", "senders"}
)
"""Places in which nothing stands that people have written."""
_SEVERAL = re.compile(r"(, | to )")
_GUARD = "guard: "
CONDITION = re.compile(r" \[[^\n]*?\](?=; |$)")
"""Which condition refused, behind what it says: for whoever wrote the definition."""
_DAY = re.compile(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?= \d{4}-\d\d-\d\d)")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@cache
def reworded(language: str) -> Reword:
    """``reword(text)``: the text in this language, where it is one of ours; else the same text.

    Whatever is no text, such as nothing or a number of somebody's own definition, comes back as it is.
    """
    pages = translations(language)

    def reword(text: str) -> str:
        if not isinstance(text, str):
            return text
        said = pages.gettext(text)
        return said if said != text else reworded_of(language, text, _as_it_is)

    return lru_cache(4_096)(reword)


def reworded_of(language: str, text: str, name: Name) -> str:
    """The same of a text about one lifecycle, whose triggers and states are called as `name` says."""
    if len(text) > _LONGEST:
        return text
    if text.startswith(_GUARD):
        sentences = CONDITION.sub("\n", text.removeprefix(_GUARD)).split("\n; ")
        again = [_reword(language, one.rstrip("\n"), name, 0) for one in sentences]
        return " ".join(one for one in again if one) if all(again) else text
    return _reword(language, text, name, 0) or text


def _reword(language: str, text: str, name: Name, depth: int, *, ours: bool = False) -> str | None:
    """The text said again; None where it is none of ours. `ours` says that it can be nobody else's."""
    for within in (True, False) if ours else (False,):
        for form in _forms(language)[within]:
            if (found := form.values(text)) is not None:
                values = {
                    place: _value(language, place, one, name, depth + 1) for place, one in found.items()
                }
                return form.said.format_map(values)
    return None


def _value(language: str, place: str, value: str, name: Name, depth: int) -> str:
    if kind := _NAMED.get(place):
        parts = _SEVERAL.split(value)
        if len(parts) > 1 or place in ("trigger", "state") or " " not in value:
            between = {", ": ", ", " to ": " → "}
            return "".join(between.get(part) or _called(language, name, kind, part) for part in parts)
    if depth < _DEEPEST and (again := _reword(language, value, name, depth, ours=place in _OURS)):
        return again
    days = get_day_names("abbreviated", locale=language)
    return _DAY.sub(lambda day: days[_DAYS.index(day[1])].rstrip("."), value)


def _called(language: str, name: Name, kind: str, said: str) -> str:
    bare = said.strip("'")
    called = name(kind, bare)
    return (
        called if bare == said else translations(language).pgettext("quoted", "'%(name)s'") % {"name": called}
    )


def _as_it_is(kind: str, name: str) -> str:
    return name


@cache
def _forms(language: str) -> Mapping[bool, list[Form]]:
    """All forms that there are, those with most of their own first; by whether they are only values."""
    found: dict[bool, list[Form]] = {False: [], True: []}
    for known, said, within in _all(language):
        if within or known != said:
            found[within].append(form_of(known, said))
    for forms in found.values():
        forms.sort(key=lambda one: -len(one.begins) - sum(len(behind) for _, behind in one.then))
    return found


def _all(language: str) -> Iterator[tuple[str, str, bool]]:
    spoken = house_words()
    for other, words in spoken.items():
        if other != language and language in spoken:
            yield from ((text, spoken[language][name], False) for name, text in words.items())
    file = po_file(language).with_name("sentences.po")
    if file.exists():
        with file.open("rb") as source:
            for one in read_po(source, locale=language):
                if isinstance(one.id, str) and one.id and isinstance(one.string, str) and one.string:
                    yield one.id, one.string, one.context == VALUE
