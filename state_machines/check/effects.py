"""Effects that ask other lifecycles for something, and tasks without a name."""

from collections.abc import Iterator, Mapping, Sequence

from state_machines.check.document import Document, Finding
from state_machines.form.definition import Definition
from state_machines.form.effects import EffectDeclaration, EmitCall, OpenCall
from state_machines.form.fields import FieldDeclaration
from state_machines.subject import INITIAL, split_key


def effects_of(document: Document) -> Iterator[tuple[str, EffectDeclaration]]:
    """Every effect of a definition with its path."""
    for field, effect, _ in effects_by_triggers(document):
        yield field, effect


def effects_by_triggers(document: Document) -> Iterator[tuple[str, EffectDeclaration, tuple[str, ...]]]:
    """Every effect with its path and the triggers with whose events it is asked for."""
    for n, state in enumerate(document.definition.states):
        for key, effects, end in (("on_enter", state.on_enter, 3), ("on_exit", state.on_exit, 2)):
            moves = [move for move in document.moves() if move[end] == state.name]
            triggers = tuple(dict.fromkeys(trigger for move in moves for trigger in move[1].triggers))
            for field, effect in _each(effects, f"states[{n}].{key}"):
                yield field, effect, triggers
    for path, transition, _ in document.transitions:
        for field, effect in _each(transition.effects, f"{path}.effects"):
            yield field, effect, transition.triggers


def _each(effects: Sequence[EffectDeclaration], path: str) -> Iterator[tuple[str, EffectDeclaration]]:
    for n, effect in enumerate(effects):
        if effect.do is None:
            yield f"{path}[{n}]", effect
        else:
            yield from _each(effect.do, f"{path}[{n}].do")


def nameless_tasks(document: Document) -> Iterator[Finding]:
    """A task has a name that is more than blanks."""
    for field, effect in effects_of(document):
        if effect.task is not None and not effect.task.name.removeprefix("=").strip():
            yield Finding(f"{field}.task.name", "no-task", "the effect names no task")


def unknown_openings(document: Document) -> Iterator[Finding]:
    """What is opened is a lifecycle that is known, by a trigger that opens it."""
    for field, effect in effects_of(document):
        if effect.open is None:
            continue
        other = document.known(effect.open.lifecycle)
        if other is None:
            message = f"no lifecycle {effect.open.lifecycle!r} is known"
            yield Finding(f"{field}.open.lifecycle", "unknown-lifecycle", message)
        elif effect.open.trigger not in _triggers(other, opening=True):
            message = f"{effect.open.trigger!r} opens no {effect.open.lifecycle}"
            yield Finding(f"{field}.open.trigger", "unknown-trigger", message)


def unknown_emissions(document: Document) -> Iterator[Finding]:
    """An event has a trigger that its receiver takes; of one that is only known later, some lifecycle's."""
    for field, effect in effects_of(document):
        if effect.emit is None or effect.emit.optional:
            continue
        name = receiver(document, effect.emit)
        if name is None:
            everybody = {document.definition.lifecycle: document.definition, **document.others}
            if not any(effect.emit.trigger in _triggers(one) for one in everybody.values()):
                message = (
                    f"no lifecycle that is known has a trigger {effect.emit.trigger!r}; "
                    "say `optional: true` where that is meant"
                )
                yield Finding(f"{field}.emit.trigger", "unknown-trigger", message)
            continue
        other = document.known(name)
        if other is None:
            yield Finding(f"{field}.emit.to", "unknown-lifecycle", f"no lifecycle {name!r} is known")
        elif effect.emit.trigger not in _triggers(other):
            message = f"{name} has no trigger {effect.emit.trigger!r}"
            yield Finding(f"{field}.emit.trigger", "unknown-trigger", message)


def unknown_forwarding(document: Document) -> Iterator[Finding]:
    """What is passed on has a trigger that its receiver takes, or that some lifecycle's takes."""
    everybody = {document.definition.lifecycle: document.definition, **document.others}
    for field, effect, triggers in effects_by_triggers(document):
        if effect.forward is None:
            continue
        for trigger in triggers:
            if not any(
                trigger in _triggers(one)
                for name, one in everybody.items()
                if _is_meant(name, effect.forward)
            ):
                message = f"no lifecycle that this may go to has a trigger {trigger!r}"
                yield Finding(f"{field}.forward", "unknown-trigger", message)


def _is_meant(lifecycle: str, to: str) -> bool:
    """Whether what is sent to this receiver may reach a subject of the lifecycle."""
    return to in ("parent", "children") or to.startswith("=") or split_key(to)[0] == lifecycle


def received(
    document: Document, call: EmitCall | OpenCall
) -> tuple[str, Mapping[str, FieldDeclaration]] | None:
    """The trigger that is sent, with its lifecycle, and what it declares; None where nobody knows yet."""
    name = call.lifecycle if isinstance(call, OpenCall) else receiver(document, call)
    other = None if name is None else document.known(name)
    if other is None or call.trigger not in other.triggers:
        return None
    return f"{name}.{call.trigger}", other.triggers[call.trigger].data


def receiver(document: Document, emit: EmitCall) -> str | None:
    """The lifecycle that an event is for; None where only the subject knows that."""
    if emit.to in ("parent", "children") or emit.to.startswith("="):
        return None
    return document.definition.lifecycle if emit.to == "self" else split_key(emit.to)[0]


def _triggers(definition: Definition, *, opening: bool = False) -> set[str]:
    return {
        trigger
        for transition in definition.transitions
        if not opening or INITIAL in transition.source
        for trigger in transition.triggers
    }
