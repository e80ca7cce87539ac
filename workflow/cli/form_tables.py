"""Parts of the form of definitions as tables in Markdown: each field, what it may be, what it means."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal, Union

from annotated_types import Ge, Gt, Le, Lt, MaxLen
from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from state_machines.form import definition as form
from state_machines.form import effects, names, wording
from state_machines.form.fields import FieldDeclaration, Fields
from state_machines.form.guards import GuardDeclaration
from state_machines.values.written import ExpressionText

SECTIONS: Mapping[type[BaseModel], str] = {
    form.Definition: "definition",
    FieldDeclaration: "field",
    form.TriggerDeclaration: "trigger",
    form.StateDeclaration: "state",
    form.TransitionDeclaration: "transition",
    GuardDeclaration: "guard",
    form.Change: "change",
    form.TimeoutDeclaration: "timeout",
    effects.EffectDeclaration: "effect",
    effects.TaskCall: "task",
    effects.NoticeCall: "notice",
    effects.LinkCall: "link",
    effects.EmitCall: "emit",
    effects.OpenCall: "open",
    effects.RetryDeclaration: "retry",
    wording.TopicDeclaration: "topic",
    wording.Wording: "wording",
    form.BarometerDeclaration: "barometer",
}
"""Every part of the form, and the section of the page that tells it."""

_WORDS: tuple[tuple[Any, str], ...] = (
    (names.FieldNames, "name, a list of names, or names by new names"),
    (names.Names, "name, or a list of names"),
    (names.Expressions, "condition, or a list of conditions"),
    (names.Name, "name"),
    (names.CalendarName, "name, or an expression after `=`"),
    (ExpressionText, "expression"),
    (names.Duration, "duration"),
    (names.ErrorRule, "rule"),
    (names.Language, "language, `de` or `pt-BR`"),
    (dict[names.Name, dict[str, Any]], "[calendars](#calendar) by name"),
    (dict[names.Name, wording.Wordings], "[wordings](#wording) by name, language and channel"),
    (Fields, "[fields](#field) by name"),
    (Any, "value"),
    (str, "text"),
    (bool, "true or false"),
    (int, "whole number"),
    (float, "number"),
)
"""What types that have a name of their own are called."""


def field_table(
    part: type[BaseModel], left_out: Iterable[str] = (), written: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Each field of a part in a row; those it must have are marked.

    Args:
        part: the part.
        left_out: fields that people do not write.
        written: what a field may be, by its name, where that is not what its type says.
    """
    rows = [
        (_name(name, field), written.get(name) or type_words(annotation), _meaning(field))
        for name, field, annotation in _fields(part)
        if name not in left_out
    ]
    return plain_table("field | is | meaning", rows)


def plain_table(head: str, rows: Iterable[Iterable[str]]) -> str:
    """A table of texts; between the columns of the head stands a ``|``."""
    rule = "|".join(["---"] * (head.count("|") + 1))
    return f"| {head} |\n|{rule}|\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def type_words(annotation: Any) -> str:
    """What a value of this type is, in words. Raises TypeError for one that has none."""
    for known, words in _WORDS:
        if annotation == known:
            return words
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return (_listed_words(annotation) or type_words(arguments[0])) + _bounds(arguments[1:])
    if origin in (Union, types.UnionType):
        return " or ".join(type_words(one) for one in arguments if one is not types.NoneType)
    if origin is Literal:
        return ", ".join(f"`{one}`" for one in arguments)
    if origin is list:
        return f"list of {_several(arguments[0])}"
    if origin is dict:
        return f"{_several(arguments[1])} by name"
    if annotation in SECTIONS:
        return f"[{SECTIONS[annotation]}](#{SECTIONS[annotation]})"
    raise TypeError(f"no words for {annotation!r}")


def _listed_words(annotation: Any) -> str | None:
    """Of a list in which one value may stand alone."""
    inner, *metadata = typing.get_args(annotation)
    if typing.get_origin(inner) is not list or not any(isinstance(one, BeforeValidator) for one in metadata):
        return None
    (one,) = typing.get_args(inner)
    if typing.get_origin(one) is Literal:
        return f"one or several of {type_words(one)}"
    return f"{type_words(one)}, or a list of {_several(one)}"


def _several(annotation: Any) -> str:
    words, *_ = type_words(annotation).partition(",")
    if words.startswith("["):
        return words if "s](" in words else words.replace("](", "s](")
    return f"{words}s" if " " not in words else words


def _fields(part: type[BaseModel]) -> Iterable[tuple[str, FieldInfo, Any]]:
    """Name, field and type as it is written: pydantic keeps the type without the name that it has.

    Those of the part itself come first, then what it has in common with others.
    """
    written = typing.get_type_hints(part, include_extras=True)
    own = [name for name in part.model_fields if name in part.__annotations__]
    for name, field in ((one, part.model_fields[one]) for one in dict.fromkeys([*own, *part.model_fields])):
        yield name, field, written.get(name, field.annotation)


def _name(name: str, field: FieldInfo) -> str:
    said = field.alias or ("if" if name == "conditions" else name)
    return f"**`{said}`**" if field.is_required() else f"`{said}`"


def _bounds(metadata: Iterable[Any]) -> str:
    found = []
    for one in [inner for each in metadata for inner in getattr(each, "metadata", [each])]:
        match one:
            case Ge(ge=least):
                found.append(f"from {least}")
            case Gt(gt=least):
                found.append(f"more than {least}")
            case Le(le=most):
                found.append(f"to {most}")
            case Lt(lt=most):
                found.append(f"less than {most}")
            case MaxLen(max_length=most):
                found.append(f"{most} characters at most")
    return "".join(f", {one}" for one in found)


def _meaning(field: FieldInfo) -> str:
    default = field.default
    told = isinstance(default, str | int) and default and not str(default).startswith("=")
    said = f" Else `{default}`." if told else ""
    return f"{field.description}{said}".replace("|", "\\|")
