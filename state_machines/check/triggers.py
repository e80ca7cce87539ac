"""Triggers: declared ones are used, and whatever a timer or a receipt gives is taken by somebody."""

from collections.abc import Iterator

from state_machines.check.document import Document, Finding
from state_machines.check.effects import effects_of


def unused_triggers(document: Document) -> Iterator[Finding]:
    """A declared trigger has a transition."""
    taken = _taken(document)
    for name in document.definition.triggers:
        if name not in taken:
            yield Finding(f"triggers.{name}", "unused-trigger", f"no transition takes the trigger {name!r}")


def unanswered_timeouts(document: Document) -> Iterator[Finding]:
    """In every state in which a timeout may fire some transition takes its trigger."""
    for timeout in document.timeouts:
        trigger = timeout.declaration.on_timeout
        without = [
            state
            for state in timeout.scope
            if state in document.states
            and not document.states[state].final
            and not document.answers(trigger, state)
        ]
        if without:
            where = ", ".join(repr(state) for state in without)
            yield Finding(
                _field_of_trigger(timeout.field),
                "unanswered-timeout",
                f"no transition takes {trigger!r} in {where}, so this timeout would fire for nobody",
            )


def demanding_timeouts(document: Document) -> Iterator[Finding]:
    """A trigger that a timer gives demands no data: a timer brings none."""
    for timeout in document.timeouts:
        declared = document.definition.triggers.get(timeout.declaration.on_timeout)
        for name, field in (declared.data if declared else {}).items():
            if field.required:
                message = f"a timer brings no data, and the trigger demands {name!r}"
                yield Finding(_field_of_trigger(timeout.field), "demanding-timeout", message)


def unanswered_receipts(document: Document) -> Iterator[Finding]:
    """The triggers of a task's receipt, and of a notice that is given up, are taken somewhere."""
    taken = _taken(document)
    for field, effect in effects_of(document):
        for call, outcome in (("task", "succeeded"), ("task", "failed"), ("notice", "failed")):
            trigger = getattr(getattr(effect, call), outcome, None)
            if trigger is not None and trigger not in taken:
                message = f"no transition takes the trigger {trigger!r}"
                yield Finding(f"{field}.{call}.{outcome}", "unanswered-receipt", message)


def _field_of_trigger(field: str) -> str:
    """Of a state's short form ``timeout`` the trigger stands beside it."""
    holder = field.removesuffix(".timeout") if field.endswith("].timeout") else field
    return f"{holder}.on_timeout"


def _taken(document: Document) -> set[str]:
    return {trigger for transition in document.definition.transitions for trigger in transition.triggers}
