"""Short forms of declared data: ``words: text required``, ``by: person``, ``customer:``.

A declaration may be words: a type, the format of a text, ``required``, ``personal``; so may those of the
fields of an object, of the items of a list and of a link's form. In a trigger a field that names no type is
declared as the subject's data declare the field of this name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from state_machines.form.fields import Format
from state_machines.form.macros import Found

TYPES: Mapping[str, str] = {
    "text": "A text.",
    "words": "Typed for customers: a text, or one a language, `{en: …, de: …}`; `in_language` reads it.",
    "instant": "A point in time, written with its offset; expressions read it as an instant.",
    "duration": "A length of time in ISO 8601; expressions read it as one.",
    "integer": "A whole number.",
    "number": "A number, whole or not; to count with it, `double(data.amount)`.",
    "boolean": "True or false.",
    "person": "Somebody: an address, or an object with `name`, `email`, `phone` and so on. Personal.",
    "people": "A set of persons. Personal.",
    "list": "Values in their order; `append` puts one at its end.",
    "set": "The same; `add` puts a value into it that is not there yet.",
    "object": "Fields with values; `fields` says which.",
    "any": "Whatever is given.",
    "string": "What `text` is called in JSON Schema.",
    "array": "What `list` is called in JSON Schema.",
}
"""The types of data, and what each is."""
_FORMATS = frozenset(get_args(Format)) - TYPES.keys()
_FLAGS = frozenset({"required", "personal"})
_NOT_OF_EVENTS = frozenset({"required", "default"})
"""What the subject's declaration says of the subject alone."""


def with_whole_fields(document: Mapping[str, Any], problems: list[Found]) -> dict[str, Any]:
    """The document with all declarations of data in their long form; what is wrong goes to `problems`."""
    whole = dict(document)
    data = _declared(whole.get("data"), {}, "data", problems)
    if data is not None:
        whole["data"] = data
    triggers = whole.get("triggers")
    if isinstance(triggers, dict):
        whole["triggers"] = {
            name: _trigger(said, data or {}, f"triggers.{name}", problems) for name, said in triggers.items()
        }
    for part in ("states", "transitions"):
        if part in whole:
            whole[part] = _with_whole_forms(whole[part], part, problems)
    return whole


def _with_whole_forms(node: Any, place: str, problems: list[Found]) -> Any:
    """Effects with the forms of their links, whose fields are declared in the same way."""
    if isinstance(node, list):
        return [_with_whole_forms(one, f"{place}[{n}]", problems) for n, one in enumerate(node)]
    if not isinstance(node, dict):
        return node
    found = {name: _with_whole_forms(one, f"{place}.{name}", problems) for name, one in node.items()}
    if {"ask", "expires", "trigger"} <= found.keys() and isinstance(found["ask"], dict):
        found["ask"] = _declared(found["ask"], {}, f"{place}.ask", problems)
    return found


def _trigger(said: Any, known: Mapping[str, Any], place: str, problems: list[Found]) -> Any:
    if not isinstance(said, dict) or "data" not in said:
        return said
    data = said["data"]
    if isinstance(data, list):
        data = {name: None for name in data if isinstance(name, str)}
    declared = _declared(data, known, f"{place}.data", problems)
    return said if declared is None else {**said, "data": declared}


def _declared(
    said: Any, known: Mapping[str, Any], place: str, problems: list[Found]
) -> dict[str, Any] | None:
    if not isinstance(said, dict):
        return None
    return {name: _field(one, known.get(name), f"{place}.{name}", problems) for name, one in said.items()}


def _field(said: Any, known: Any, place: str, problems: list[Found]) -> Any:
    if said is None or isinstance(said, str):
        said = _from_words(said or "", place, problems)
    if isinstance(said, dict):
        said = _with_whole_parts(said, place, problems)
    if isinstance(said, dict) and "type" not in said and isinstance(known, dict):
        taken = {name: value for name, value in known.items() if name not in _NOT_OF_EVENTS}
        return {**taken, **said}
    return said


def _with_whole_parts(said: dict[str, Any], place: str, problems: list[Found]) -> dict[str, Any]:
    """The declaration with those of its fields and items in their long form."""
    fields = _declared(said.get("fields"), {}, f"{place}.fields", problems)
    whole = said if fields is None else {**said, "fields": fields}
    if isinstance(said.get("items"), str | dict):
        whole = {**whole, "items": _field(said["items"], None, f"{place}.items", problems)}
    return whole


def _from_words(text: str, place: str, problems: list[Found]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word in text.split():
        if word in TYPES and "type" not in found:
            found["type"] = word
        elif word in _FORMATS and "format" not in found:
            found["format"] = word
        elif word in _FLAGS:
            found[word] = True
        else:
            known = ", ".join([*sorted(TYPES), *sorted(_FORMATS), *sorted(_FLAGS)])
            problems.append(
                (place, "field-words", f"{word!r} is no word of a declaration here; there are {known}")
            )
    if "format" in found and "type" not in found:
        found["type"] = "text"
    return found
