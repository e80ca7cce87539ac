"""Which fields of a subject's data are sure to be there in which state.

A field is there if it is declared `required` or has a default, or if every way into the state has set
it: the greatest solution of "what all predecessors agree on", found by going round until nothing changes.
"""

from collections.abc import Iterable, Mapping

from state_machines.check.document import Document
from state_machines.expressions.references import tokens
from state_machines.form.definition import TransitionDeclaration
from state_machines.form.fields import FieldDeclaration
from state_machines.subject import INITIAL


def fields_set(document: Document, transition: TransitionDeclaration) -> frozenset[str]:
    """The fields that a transition sets in any case, as far as its text tells.

    Of an expression these are the keys of the maps in it (``'due_at': ...``), optional ones
    (``?'due_at': ...``) apart.
    """
    if transition.change:
        return _changed(document, transition)
    if not isinstance(transition.set, str):
        said = (transition.set or {}).items()
        return frozenset(name for name, value in said if not document.may_be_absent(value))
    words = tokens(transition.set.removeprefix("="))
    keys = zip([None, *words], words, words[1:], strict=False)
    return frozenset(
        key.text.strip("'\"")
        for before, key, after in keys
        if key.kind == "string" and after.text == ":" and (before is None or before.text in ("{", ","))
    )


def _changed(document: Document, transition: TransitionDeclaration) -> frozenset[str]:
    brought = [document.brought(trigger) for trigger in transition.triggers]
    found: set[str] = set()
    for change in transition.change:
        if change.when is not None:
            continue
        for fields in (change.set, change.append, change.add, change.increment):
            found |= {name for name, said in (fields or {}).items() if not document.may_be_absent(said)}
        for name, theirs in (change.copied or {}).items():
            if all(_is_sure(fields.get(theirs)) for fields in brought):
                found.add(name)
        found -= set(change.unset or ())
    return frozenset(found)


def _is_sure(declared: FieldDeclaration | None) -> bool:
    return declared is not None and (declared.required or declared.default is not None)


def _forgotten(transition: TransitionDeclaration) -> frozenset[str]:
    """Fields that are gone after it."""
    return frozenset(name for change in transition.change for name in change.unset or ())


def fields_present(document: Document) -> Mapping[str, frozenset[str]]:
    """By state: the fields that are there in it. In `initial` there are none."""
    declared = document.definition.data
    required = frozenset(
        name for name, field in declared.items() if field.required or field.default is not None
    )
    every = frozenset(declared)
    present = {state: every for state in document.states}
    moves = list(document.moves())
    changed = True
    while changed:
        changed = False
        for _, transition, source, dest in moves:
            before = frozenset() if source == INITIAL else present[source]
            known = (before - _forgotten(transition)) | fields_set(document, transition) | required
            if not present[dest] <= known:
                present[dest] &= known
                changed = True
    return {**present, INITIAL: frozenset()}


def in_all(present: Mapping[str, frozenset[str]], states: Iterable[str]) -> frozenset[str]:
    """The fields that are there in each of these states."""
    known = [present[state] for state in states if state in present]
    return frozenset.intersection(*known) if known else frozenset()
