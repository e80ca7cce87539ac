"""Every expression of a definition, with what may be taken for granted where it stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from state_machines.check.document import Document, Timeout
from state_machines.check.presence import fields_present, fields_set, in_all
from state_machines.form.definition import TransitionDeclaration
from state_machines.form.effects import EffectDeclaration, LinkCall
from state_machines.subject import INITIAL
from state_machines.timeouts.kinds.table import KINDS
from state_machines.timeouts.texts import INSTANT, LENGTH
from state_machines.values.durations import is_duration_text

BOOLEAN = frozenset({"BOOL", "DYN"})
TEXT = frozenset({"STRING", "DYN"})
LIST = frozenset({"LIST", "DYN"})
OBJECT = frozenset({"MAP", "DYN"})
ANYTHING: frozenset[str] = frozenset()
_FIGURES = {"at": INSTANT, "settled_at": INSTANT, "count": frozenset({"INT", "UINT", "DOUBLE", "DYN"})}
_TIMES = [(name, gives) for kind in KINDS for name, gives in kind.texts.items()]


@dataclass(frozen=True, slots=True)
class Site:
    """One expression.

    Attributes:
        field: where it stands.
        text: the expression, without the ``=`` of an argument.
        triggers: the triggers whose event it may see.
        present: fields of the data that are sure to be there.
        opened: whether there are data at all; not before the opening transition is taken.
        guards: expressions that hold whenever this one is evaluated.
        item: whether ``item`` is bound.
        gives: the kinds of results that fit; empty for any.
    """

    field: str
    text: str
    triggers: frozenset[str]
    present: frozenset[str]
    opened: bool = True
    guards: tuple[str, ...] = ()
    item: bool = False
    gives: frozenset[str] = ANYTHING


def sites(document: Document) -> Iterator[Site]:
    """All of them, in no particular order."""
    present = fields_present(document)
    for path, transition, sources in document.transitions:
        yield from _of_transition(document, path, transition, sources, present)
    for n, state in enumerate(document.definition.states):
        for key, effects, end in (("on_enter", state.on_enter, 3), ("on_exit", state.on_exit, 2)):
            triggers = frozenset(
                trigger
                for move in document.moves()
                if move[end] == state.name
                for trigger in move[1].triggers
            )
            at = Site(f"states[{n}].{key}", "", triggers, present[state.name])
            for m, effect in enumerate(effects):
                yield from _of_effect(replace(at, field=f"{at.field}[{m}]"), effect)
    for timeout in document.timeouts:
        yield from _of_timeout(document, timeout, in_all(present, timeout.scope))
    if document.definition.barometer is not None:
        at = Site("barometer", "", frozenset(), in_all(present, document.states))
        for name, text in document.definition.barometer.texts().items():
            yield replace(at, field=f"barometer.{name}", text=text, gives=_FIGURES.get(name, TEXT))


def _of_transition(
    document: Document,
    path: str,
    transition: TransitionDeclaration,
    sources: tuple[str, ...],
    present: Mapping[str, frozenset[str]],
) -> Iterator[Site]:
    triggers = frozenset(transition.triggers)
    before = Site(path, "", triggers, in_all(present, sources), opened=INITIAL not in sources)
    word = "if" if document.definition.edition > 1 else "conditions"
    for n, text in enumerate(transition.conditions):
        earlier = tuple(transition.conditions[:n])
        at = replace(before, guards=earlier)
        yield replace(at, field=f"{path}.{word}[{n}]", text=text, gives=BOOLEAN)
        yield from _sentence(document, at, text)
    before = replace(before, guards=tuple(transition.conditions))
    for n, text in enumerate(transition.unless):
        yield replace(before, field=f"{path}.unless[{n}]", text=text, gives=BOOLEAN)
    before = replace(before, guards=(*transition.conditions, *transition.unless))
    yield from _whole(before, "set", transition.set, OBJECT)
    for n, change in enumerate(transition.change):
        at = before
        if change.when is not None:
            yield replace(before, field=f"{path}.change[{n}].when", text=change.when, gives=BOOLEAN)
            at = replace(before, guards=(*before.guards, change.when))
        for verb in ("set", "append", "add", "remove", "increment"):
            yield from _argument(at, f"change[{n}].{verb}", getattr(change, verb))
    after = replace(before, opened=True, present=before.present | fields_set(document, transition))
    if INITIAL in sources and transition.dest in present:
        after = replace(after, present=after.present | present[str(transition.dest)])
    for n, effect in enumerate(transition.effects):
        yield from _of_effect(replace(after, field=f"{path}.effects[{n}]"), effect)


def _sentence(document: Document, at: Site, name: str) -> Iterator[Site]:
    """What a guard says to whoever it refuses, if an expression gives it."""
    guard = document.definition.guards.get(name)
    if guard is not None and (guard.says or "").startswith("="):
        yield replace(at, field=f"guards.{name}.says", text=str(guard.says).removeprefix("="), gives=TEXT)


def _of_effect(at: Site, effect: EffectDeclaration) -> Iterator[Site]:
    for n, inner in enumerate(effect.do or ()):
        yield from _of_effect(replace(at, field=f"{at.field}.do[{n}]"), inner)
    if effect.each is not None:
        yield replace(at, field=f"{at.field}.each", text=effect.each, gives=LIST)
        at = replace(at, item=True)
    if effect.when is not None:
        yield replace(at, field=f"{at.field}.when", text=effect.when, gives=BOOLEAN)
        at = replace(at, guards=(*at.guards, effect.when))
    whole = partial(_whole, at)
    argument = partial(_argument, at)
    if (task := effect.task) is not None:
        yield from argument("task.name", task.name)
        yield from argument("task.queue", task.queue)
        yield from whole("task.args", task.args, LIST)
        yield from whole("task.kwargs", task.kwargs, OBJECT)
    if (notice := effect.notice) is not None:
        for name in ("to", "channel", "title", "words", "name", "values", "context"):
            yield from argument(f"notice.{name}", getattr(notice, name))
        for name, link in notice.links.items():
            yield from _of_link(replace(at, field=f"{at.field}.notice.links.{name}"), link)
    if (emit := effect.emit) is not None:
        yield from argument("emit.to", emit.to)
        yield from whole("emit.data", emit.data, OBJECT)
    for name in ("recall", "forward"):
        yield from argument(name, getattr(effect, name))
    if (opening := effect.open) is not None:
        yield from argument("open.id", opening.id)
        yield from whole("open.data", opening.data, OBJECT)


def _of_link(at: Site, link: LinkCall) -> Iterator[Site]:
    for name in ("page", "data", "title", "words"):
        yield from _argument(at, name, getattr(link, name))
    if link.choices is not None:
        yield from _whole(at, "choices", link.choices, LIST)
    if link.expires is not None and not is_duration_text(link.expires):
        yield from _whole(at, "expires", link.expires, LENGTH)


def _of_timeout(document: Document, timeout: Timeout, present: frozenset[str]) -> Iterator[Site]:
    entering = frozenset(
        trigger for move in document.moves() if move[3] in timeout.scope for trigger in move[1].triggers
    )
    at = Site(timeout.field, "", entering, present)
    declared = timeout.declaration
    if declared.when is not None:
        yield replace(at, field=f"{at.field}.when", text=declared.when, gives=BOOLEAN)
        at = replace(at, guards=(declared.when,))
    for name, gives in _TIMES:
        text = getattr(declared, name)
        if text is not None and not (gives is LENGTH and is_duration_text(text)):
            field = at.field if at.field.endswith("].timeout") else f"{at.field}.{name}"
            yield replace(at, field=field, text=text.removeprefix("="), gives=gives)
    if declared.calendar is not None and declared.calendar.startswith("="):
        yield replace(at, field=f"{at.field}.calendar", text=declared.calendar[1:])
    if declared.zone is not None:
        yield replace(at, field=f"{at.field}.zone", text=declared.zone, gives=TEXT)


def _whole(at: Site, name: str, written: Any, gives: frozenset[str]) -> Iterator[Site]:
    """Where a text is always an expression."""
    if isinstance(written, str):
        yield replace(at, field=f"{at.field}.{name}", text=written.removeprefix("="), gives=gives)
    else:
        yield from _argument(at, name, written)


def _argument(at: Site, name: str, written: Any) -> Iterator[Site]:
    """Where only a text with ``=`` is one, however deep it lies."""
    if isinstance(written, str) and written.startswith("="):
        yield replace(at, field=f"{at.field}.{name}", text=written[1:])
    elif isinstance(written, dict):
        for key, part in written.items():
            yield from _argument(at, f"{name}.{key}", part)
    elif isinstance(written, list):
        for n, part in enumerate(written):
            yield from _argument(at, f"{name}[{n}]", part)
