"""Which fields of a step go together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workflow.scenarios.document import ACTS, Invariant, Step, SubjectExpectation, TimerExpectation
from workflow.scenarios.remarks import Remarks
from workflow.scenarios.scenario import Placed

__all__ = ["check_act", "check_invariant", "check_then", "expects_something"]

_ALWAYS = frozenset({"at", "say", "mark", "then", "rest"})
_BESIDE: Mapping[str, frozenset[str]] = {
    "send": frozenset({"to", "data", "id", "source", "parent", "effect", "time", "as", "answer"}),
    "press": frozenset({"link", "choice", "answers", "answer"}),
    "look": frozenset({"link", "answer"}),
    "desk": frozenset({"of", "by", "data", "answer"}),
    "task": frozenset({"of", "succeeds", "fails"}),
    "report": frozenset({"status", "code", "id", "answer"}),
    "channel": frozenset(),
    "worker": frozenset(),
    "ask": frozenset({"answer"}),
}
"""By act, the fields that say more about it."""
_NEEDED: Mapping[str, str] = {"send": "to", "report": "status"}
_OF_SUBJECT = frozenset(SubjectExpectation.model_fields)


def check_act(step: Step, place: Placed, remarks: Remarks) -> None:
    """A step does one thing, and says only what belongs to it."""
    said = _written(step)
    acts = [one for one in ACTS if one in said]
    if len(acts) > 1:
        message = f"a step does one thing, this one has {' and '.join(acts)}: make two of it"
        remarks.note(place, acts[1], "two-acts", message)
        return
    act = acts[0] if acts else None
    for field in sorted(said - _ALWAYS - {act} - _BESIDE.get(act or "", frozenset())):
        takers = [one for one in ACTS if field in _BESIDE[one]]
        beside = f"beside {act}" if act else "where nothing happens"
        remarks.note(
            place, field, "misplaced", f"{field!r} says nothing {beside}; it belongs to {', '.join(takers)}"
        )
    if act is not None:
        _check_needed(act, said, step, place, remarks)
        _check_answer(act, step, place, remarks)


def _check_needed(act: str, said: frozenset[str], step: Step, place: Placed, remarks: Remarks) -> None:
    needed = _NEEDED.get(act)
    if needed is not None and needed not in said:
        remarks.note(place, needed, "required", f"{needed!r} is missing beside {act}")
    if act == "desk" and step.desk != "claim" and "of" not in said:
        remarks.note(place, "of", "required", f"'of' is missing: of which {step.desk} is meant")
    if act == "task" and (step.succeeds is None) == (step.fails is None):
        rule = "required" if step.fails is None else "either"
        remarks.note(
            place, "fails" if step.fails else "task", rule, "a task either succeeds or fails; say which"
        )
    if {"choice", "answers"} <= said:
        message = "a form has choices or questions: say either choice or answers"
        remarks.note(place, "answers", "either", message)


def _check_answer(act: str, step: Step, place: Placed, remarks: Remarks) -> None:
    answer = step.answer
    if isinstance(answer, str) and act != "send":
        message = f"{answer!r} is what is answered to send; of {act} say a status, or parts of the answer"
        remarks.note(place, "answer", "answer-form", message)
    if isinstance(answer, list) and act != "ask":
        remarks.note(place, "answer", "answer-form", f"the answer to {act} is no list")


def check_then(step: Step, place: Placed, remarks: Remarks) -> None:
    """What must be so is said, and not left empty."""
    then = step.then
    if "then" in step.model_fields_set and not expects_something(step):
        remarks.note(place, "then", "empty", "'then' says nothing; leave it out, or say what must be so")
    for key, said in then.subjects.items():
        if isinstance(said, SubjectExpectation):
            _check_subject(said, place, f"then.{key}", remarks)


def _check_subject(said: SubjectExpectation, place: Placed, path: str, remarks: Remarks) -> None:
    if not said.model_fields_set & _OF_SUBJECT:
        remarks.note(place, path, "empty", "nothing is said of it: its state, data, timers, or what else")
    for name, timer in (said.timers or {}).items():
        if isinstance(timer, TimerExpectation) and timer.at is None and timer.why is None:
            remarks.note(place, f"{path}.timers.{name}", "empty", "says neither `at` nor `why`")


def expects_something(step: Step) -> bool:
    """Whether it says of anything that it must be so."""
    then = step.then
    return bool(then.subjects or then.model_fields_set - {"subjects"})


def check_invariant(said: Invariant, place: Placed, remarks: Remarks) -> None:
    """It says what must hold, in the fields of what it is about."""
    fields = said.model_fields_set & _OF_SUBJECT
    if said.subject is not None and not fields:
        remarks.note(
            place, "subject", "empty", "nothing is said of it: its state, data, timers, or what else"
        )
    if said.each is not None and said.holds is None:
        remarks.note(place, "holds", "required", "'holds' is missing beside each")
    allowed = _OF_SUBJECT if said.subject is not None else {"holds"} if said.each is not None else set()
    for field in sorted(fields - allowed):
        kind = "each" if said.each is not None else "never_told"
        remarks.note(
            place, field, "misplaced", f"{field!r} says nothing beside {kind}; it belongs to subject"
        )
    if said.never_told is not None and not said.never_told.model_fields_set:
        message = "says which notice must never go out: to, about, channel, between"
        remarks.note(place, "never_told", "empty", message)
    if said.subject is not None:
        _check_subject(said, place, "", remarks) if fields else None


def _written(step: Step) -> frozenset[str]:
    """The fields of a step by the names that they have in YAML; null is nothing."""
    fields: Iterable[str] = (one for one in step.model_fields_set if getattr(step, one) is not None)
    return frozenset(Step.model_fields[one].alias or one for one in fields)
