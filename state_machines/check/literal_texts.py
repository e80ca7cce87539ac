"""Texts that stand for themselves and were meant to be more: they would be sent as they are written."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from state_machines.check.document import Document, Finding
from state_machines.check.effects import effects_of
from state_machines.effects.words import placeholder
from state_machines.form.effects import EffectDeclaration

_PATH = re.compile(
    r"(?P<root>data|event\.data)\.\??(?P<name>[a-z]\w*)(?:\.\??\w+|\[[^\]]*\])*(?P<rest>[\s\S]*)"
)
_OF_ALL = re.compile(
    r"(?:event\.(?:time|actor|source|id|trigger)|subject\.(?:key|id|lifecycle|state|parent|opened_at|seq))"
    r"(?P<rest>[\s\S]*)"
)
_GOES_ON = re.compile(r"\s*(?:[+?]|==|\.\w+\(|\().*|\(.*", re.DOTALL)
"""What only goes on in an expression: a sum, a choice, a call. `data.customer is here` may be a sentence."""
_TO_FILL = re.compile(r"\{\{.{0,200}?\}\}|\{%.{0,200}?%\}", re.DOTALL)


def forgotten_signs(document: Document) -> Iterator[Finding]:
    """An effect or a change that names a field means what is in it; a forgotten ``=`` makes a text of it."""
    for field, value in _plain(document):
        if (name := _named(document, value)) is not None:
            message = f"{value!r} is a text here, and not what {name} holds; an expression begins with '='"
            yield Finding(field, "forgotten-sign", message)


def unfilled_words(document: Document) -> Iterator[Finding]:
    """Words of a notice that stand in it are sent as they are; only those of a template are filled in."""
    for field, effect in effects_of(document):
        if effect.notice is None:
            continue
        said = [(f"{field}.notice", effect.notice.title, effect.notice.words, effect.notice.links)]
        for name, link in effect.notice.links.items():
            said.append((f"{field}.notice.links.{name}", link.title, link.words, {}))
        for place, title, words, links in said:
            known = {placeholder(name) for name in links}
            for part, text in (("title", title), ("words", words)):
                if not isinstance(text, str) or text.startswith("="):
                    continue
                unfilled = [one for one in _TO_FILL.findall(text) if one not in known]
                if unfilled:
                    message = (
                        f"{unfilled[0]!r} would be sent as it stands; say it by a template, "
                        "or as an expression that begins with '='"
                    )
                    yield Finding(f"{place}.{part}", "unfilled-words", message)


def _named(document: Document, value: str) -> str | None:
    """The field that a text reads like, if it reads like nothing else."""
    if found := _OF_ALL.fullmatch(value):
        name = value[: found.start("rest")]
    elif found := _PATH.fullmatch(value):
        known = document.definition.data
        if found["root"] == "event.data":
            known = {
                name: one for each in document.definition.triggers.values() for name, one in each.data.items()
            }
        if found["name"] not in known:
            return None
        name = f"{found['root']}.{found['name']}"
    else:
        return None
    return name if not found["rest"] or _GOES_ON.fullmatch(found["rest"]) else None


def _plain(document: Document) -> Iterator[tuple[str, str]]:
    """Every text in effects and changes that stands for itself, with its path."""
    for field, effect in effects_of(document):
        for name, written in _arguments(effect):
            yield from _texts(f"{field}.{name}", written)
    for path, transition, _ in document.transitions:
        if isinstance(transition.set, Mapping):
            yield from _texts(f"{path}.set", _any_text(document, transition.set))
        for n, change in enumerate(transition.change):
            for verb in ("set", "append", "add"):
                said = getattr(change, verb)
                yield from _texts(f"{path}.change[{n}].{verb}", _any_text(document, said or {}))


def _any_text(document: Document, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """Those that may be any text: of others the type says already that they are none."""
    known = document.definition.data
    return {
        name: value
        for name, value in said.items()
        if name not in known
        or (known[name].type in ("string", "any", "array") and known[name].format is None)
    }


def _arguments(effect: EffectDeclaration) -> Iterator[tuple[str, Any]]:
    """What is written in an effect where a text may stand for itself."""
    if (task := effect.task) is not None:
        yield from (("task.name", task.name), ("task.queue", task.queue))
        yield from ((f"task.{name}", one) for name, one in (("args", task.args), ("kwargs", task.kwargs)))
    if (notice := effect.notice) is not None:
        for name in ("to", "channel", "title", "words", "name", "values", "context"):
            yield f"notice.{name}", getattr(notice, name)
        for name, link in notice.links.items():
            for part in ("page", "subject", "data", "title", "words"):
                yield f"notice.links.{name}.{part}", getattr(link, part)
    if (emit := effect.emit) is not None:
        yield from (("emit.to", emit.to), ("emit.data", emit.data))
    yield from (("recall", effect.recall), ("forward", effect.forward))
    if (opening := effect.open) is not None:
        yield from (("open.id", opening.id), ("open.data", opening.data))


_ALWAYS = re.compile(r".*\.(?:args|kwargs|emit\.data|open\.data)")
"""Where a text that is the whole is an expression, with its sign or without."""


def _texts(field: str, written: Any) -> Iterator[tuple[str, str]]:
    if isinstance(written, str):
        if not written.startswith("=") and not _ALWAYS.fullmatch(field):
            yield field, written
    elif isinstance(written, Mapping):
        for name, part in written.items():
            yield from _texts(f"{field}.{name}", part)
    elif isinstance(written, list):
        for n, part in enumerate(written):
            yield from _texts(f"{field}[{n}]", part)
