"""Invented addresses and names in place of people's own, the same everywhere in one recording.

What is replaced: addresses of mail, telephone numbers, and whatever stands in a field that says who somebody
is (`name`, `account`, `phone` …, or declared as a `person`). Where these come up amid other words they are
replaced there, too. The words themselves stay.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from state_machines.form.fields import FieldDeclaration
from workflow.scenarios.matching import texts_within

_MAIL = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER = re.compile(r"\+[0-9](?:[ ()/.-]?[0-9]){6,18}")
_KINDS = ("email", "phone", "name", "account", "social", "chat", "url")
_SHORTEST = 3
"""Characters of what is looked for amid other words: shorter ones would be found everywhere."""


class Disguise:
    """Who is who, by invented names.

    Args:
        keep: texts that stay as they are, such as keys of subjects.
    """

    def __init__(self, keep: Collection[str] = ()) -> None:
        self._keep = frozenset(keep)
        self._invented: dict[str, str] = {}
        self._people = 0
        self._pattern: re.Pattern[str] | None = None

    def learn(self, value: Any, declared: Mapping[str, FieldDeclaration] | None = None) -> None:
        """Find out who is mentioned in some data; `declared` says what its fields are."""
        for said in _persons(value):
            self._meet({kind: said[kind] for kind in _KINDS if _is_text(said.get(kind))})
        for text in _declared_persons(value, declared or {}):
            self._meet({_kind_of(text): text})
        for text in texts_within(value):
            for found in (*_MAIL.findall(text), *_NUMBER.findall(text)):
                self._meet({_kind_of(found): found})

    def worn(self, value: Any) -> Any:
        """The same with invented addresses and names."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {name: self.worn(one) for name, one in value.items()}
        return [self.worn(one) for one in value] if isinstance(value, list) else value

    def _meet(self, said: Mapping[str, str]) -> None:
        """Somebody; who shares an address with somebody known is them."""
        new = {
            kind: text for kind, text in said.items() if text not in self._invented and text not in self._keep
        }
        if not new:
            return
        known = next((self._invented[text] for text in said.values() if text in self._invented), None)
        number = _number_in(known) if known is not None else None
        if number is None:
            self._people += 1
            number = self._people
        for kind, text in new.items():
            self._invented[text] = _invented(kind, number)
            if kind == "name":  # of Tom Weber some just say Tom
                for part in text.split():
                    self._invented.setdefault(part, _invented(kind, number))
        self._pattern = None

    def _text(self, text: str) -> str:
        if text in self._keep:
            return text
        whole = self._invented.get(text)
        if whole is not None:
            return whole
        if self._pattern is None:
            self._pattern = _any_of([one for one in self._invented if len(one) >= _SHORTEST])
        return self._pattern.sub(lambda found: self._invented[found.group()], text)


def _persons(value: Any) -> Iterator[Mapping[str, Any]]:
    """Objects that say by which address somebody is reached."""
    if isinstance(value, Mapping):
        if any(_is_text(value.get(kind)) for kind in ("email", "phone")):
            yield value
        for one in value.values():
            yield from _persons(one)
    elif isinstance(value, list):
        for one in value:
            yield from _persons(one)


def _declared_persons(value: Any, declared: Mapping[str, FieldDeclaration]) -> Iterator[str]:
    """Texts in fields that are declared to say who somebody is."""
    if not isinstance(value, Mapping):
        return
    for name, field in declared.items():
        said = value.get(name)
        each = said if isinstance(said, list) else [said]
        is_person = field.meaning in ("person", "people") or (field.personal and name in _KINDS)
        for one in each:
            if is_person and isinstance(one, str) and one.strip():
                yield one
            elif is_person and isinstance(one, Mapping):
                yield from (one[kind] for kind in _KINDS if _is_text(one.get(kind)))
            else:
                yield from _declared_persons(one, field.fields or (field.items and field.items.fields) or {})


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _kind_of(text: str) -> str:
    return "email" if "@" in text else "phone" if _NUMBER.fullmatch(text) else "name"


def _invented(kind: str, number: int) -> str:
    """Names and addresses that nobody has: example.org is kept free for that (RFC 2606), and so are numbers
    from +44 7700 900000 on, for drama (Ofcom).
    """
    match kind:
        case "email":
            return f"person_{number}@example.org"
        case "phone":
            return f"+447700{900_000 + number}"
        case "name":
            return f"Person {number}"
        case "url":
            return f"https://person-{number}.example.org/"
        case _:
            return f"{kind}-{number}"


def _number_in(invented: str) -> int:
    digits = re.sub(r"\D", "", invented.removeprefix("+44770090"))
    return int(digits)


def _any_of(texts: Collection[str]) -> re.Pattern[str]:
    longest_first = sorted(texts, key=len, reverse=True)
    return re.compile("|".join(rf"(?<!\w){re.escape(one)}(?!\w)" for one in longest_first) or r"(?!)")
