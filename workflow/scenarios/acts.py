"""What happens in a step: each act, through the door that it would come by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from state_machines.values.instants import format_instant
from workflow.scenarios.document import NoticeChoice, Sent, Step
from workflow.scenarios.errors import StepImpossible
from workflow.scenarios.matching import fits
from workflow.scenarios.meaning import Meaning
from workflow.scenarios.stage import Answer, Role, SentNotice, TaskCall

SOURCE = "/scenario"
"""The CloudEvents source of events that name none."""
_STRUCTURED = "application/cloudevents+json"
_ACCEPTED, _OK = 202, 200


class Acts:
    """Does what a step says.

    Args:
        number: of the step, for the ids of what is sent.
    """

    def __init__(self, meaning: Meaning, number: str) -> None:
        self._meaning = meaning
        self._stage = meaning.stage
        self._number = number

    def do(self, step: Step) -> tuple[Answer | None, bool]:
        """What the door answered, and whether that is what it must say. Raises StepImpossible."""
        acts: Mapping[str, Callable[[Step], tuple[Answer | None, bool]]] = {
            "send": self._send,
            "press": self._press,
            "look": self._press,
            "desk": self._desk,
            "task": self._task,
            "report": self._report,
            "channel": self._channel,
            "worker": self._worker,
            "ask": self._ask,
        }
        return acts[step.act](step) if step.act is not None else (None, True)

    def send(self, sent: Sent, role: Role) -> Answer:
        """An event comes in by the front door; what it answers."""
        fill = self._meaning.fill
        key = self._meaning.key(sent.to or "", "to")
        if key is None:
            raise StepImpossible("to", "no-subject", f"there is no {self._meaning.text(sent.to)}")
        time = self._stage.now() if sent.time is None else self._meaning.instant(sent.time)
        event = {
            "specversion": "1.0",
            "id": self._meaning.text(sent.id) or self._number,
            "source": self._meaning.text(sent.source) or SOURCE,
            "type": sent.send,
            "subject": key,
            "time": format_instant(time),
            "data": fill(sent.data),
            "parent": None if sent.parent is None else self._meaning.key(sent.parent, "parent"),
            "effect": self._meaning.text(sent.effect),
        }
        return self._stage.request("POST", "/v1/events", role, _without_nothing(event), _STRUCTURED)

    def _send(self, step: Step) -> tuple[Answer, bool]:
        answer = self.send(step, step.speaks_as)
        expected = self._meaning.fill(step.answer) or "accepted"
        if isinstance(expected, str):
            items = answer.body.get("items", []) if isinstance(answer.body, Mapping) else []
            return answer, [one["status"] for one in items] == [expected]
        if isinstance(expected, int):
            return answer, answer.status == expected
        return answer, _is_refusal(expected, answer)

    def _press(self, step: Step) -> tuple[Answer, bool]:
        choice = step.press or step.look
        assert choice is not None
        notice = self._notice(choice, "press" if step.press else "look", linked=True)
        name = self._meaning.text(step.link)
        if name is None and len(notice.links) > 1:
            names = ", ".join(notice.links)
            raise StepImpossible("link", "ambiguous", f"the notice has several links: say which of {names}")
        if name is not None and name not in notice.links:
            raise StepImpossible("link", "no-link", f"the notice has no link {name!r}", list(notice.links))
        url = notice.links[name] if name is not None else next(iter(notice.links.values()))
        answers = None if step.look else self._form(step)
        return self._judged(step, self._stage.browse(url, answers), _OK)

    def _form(self, step: Step) -> dict[str, str]:
        """The fields of the form as a browser sends them."""
        form = {name: _as_field(said) for name, said in self._meaning.fill(step.answers).items()}
        return form if step.choice is None else form | {"choice": str(step.choice)}

    def _notice(self, choice: NoticeChoice, field: str, *, linked: bool = False) -> SentNotice:
        """The newest notice that it names."""
        meaning = self._meaning
        about, channel = meaning.text(choice.about), meaning.text(choice.channel)
        for notice in reversed(self._stage.notices()):
            if (
                notice.address == meaning.address(choice.to, notice.channel)
                and about in (None, notice.about)
                and channel in (None, notice.channel)
                and (notice.links or not linked)
            ):
                return notice
        said = (
            f"to {choice.to}" + (f" about {about}" if about else "") + (f" over {channel}" if channel else "")
        )
        seen = [f"{one.channel} to {one.address} about {one.about}" for one in self._stage.notices()[-10:]]
        message = f"no notice {said} went out" + (" with a link" if linked else "")
        raise StepImpossible(field, "no-notice", message, seen)

    def _desk(self, step: Step) -> tuple[Answer, bool]:
        """An act at the desk: asked for, decided, and asked for again, which gives what became of it."""
        path, body = self._desk_request(step)
        answer = self._stage.request("POST", path, "desk", body)
        self._stage.settle()
        if answer.status == _ACCEPTED:
            answer = self._stage.request("POST", path, "desk", body)
        return self._judged(step, answer, _OK)

    def _desk_request(self, step: Step) -> tuple[str, dict[str, Any]]:
        data = dict(self._meaning.fill(step.data))
        if step.by is not None:
            data["by"] = self._meaning.person(step.by)
        key = None if step.of is None else self._meaning.key(step.of, "of")
        if step.of is not None and key is None:
            raise StepImpossible("of", "no-subject", f"there is no {self._meaning.fill(step.of)}")
        lifecycle, _, number = (key or "").partition(":")
        wish = {"id": self._number, "patience": 0}
        if step.desk == "claim":
            return "/v1/desk/claim", data | wish | ({} if key is None else {"subject": key})
        if step.desk == "outcome":
            return f"/v1/desk/{lifecycle}s/{key}/outcome", data | wish
        if step.desk == "decision":
            return f"/v1/desk/approvals/{key}/decision", data | wish
        trigger = (step.desk or "").partition(".")[2]
        return f"/v1/desk/cases/{number}/{trigger}?id={self._number}&patience=0", data

    def _task(self, step: Step) -> tuple[None, bool]:
        self._stage.end_task(
            self._call(step), step.fails is None, self._meaning.fill(step.fails or step.succeeds or {})
        )
        return None, True

    def _call(self, step: Step) -> TaskCall:
        name = self._meaning.text(step.task)

        def meant(calls: Sequence[TaskCall]) -> list[TaskCall]:
            return [
                one
                for one in calls
                if one.task == name and (step.of is None or self._meaning.is_key(one.subject, step.of))
            ]

        # The receipt of one that was given up may come late.
        waiting = meant(self._stage.unanswered()) or meant(self._stage.given_up())
        if len(waiting) != 1:
            there = [f"{one.task} of {one.subject}" for one in self._stage.unanswered()]
            if not waiting:
                message = "no such task waits: it was not called, or has ended"
                raise StepImpossible("task", "no-task", message, there)
            message = f"{len(waiting)} such tasks wait: say `of`"
            raise StepImpossible("task", "ambiguous", message, there)
        return waiting[0]

    def _report(self, step: Step) -> tuple[Answer, bool]:
        assert step.report is not None
        notice = self._notice(step.report, "report")
        said = {
            "effect": notice.key,
            "status": step.status,
            "code": self._meaning.text(step.code),
            "id": self._meaning.text(step.id),
        }
        path = f"/v1/reports/{notice.channel}"
        return self._judged(
            step, self._stage.request("POST", path, "system", _without_nothing(said)), _ACCEPTED
        )

    def _channel(self, step: Step) -> tuple[None, bool]:
        for name, behaviour in (step.channel or {}).items():
            self._stage.channel(name, behaviour)
        return None, True

    def _worker(self, step: Step) -> tuple[None, bool]:
        self._stage.worker(step.worker == "back")
        return None, True

    def _ask(self, step: Step) -> tuple[Answer, bool]:
        path = str(self._meaning.fill(step.ask))
        return self._judged(step, self._stage.request("GET", path, "operator"), _OK)

    def _judged(self, step: Step, answer: Answer, usual: int) -> tuple[Answer, bool]:
        """The answer, and whether it is as the step says: a status, or any part of it."""
        expected = self._meaning.fill(step.answer)
        if expected is None:
            return answer, answer.status == usual
        if isinstance(expected, int):
            return answer, answer.status == expected
        if isinstance(expected, Mapping) and "status" in expected and isinstance(expected["status"], int):
            return answer, _is_refusal(expected, answer)
        return answer, answer.status in (_OK, _ACCEPTED) and fits(expected, answer.body)


def _is_refusal(expected: Mapping[str, Any], answer: Answer) -> bool:
    """Whether a door turned it away as expected: by this status, for this field and rule."""
    errors = answer.body.get("errors", []) if isinstance(answer.body, Mapping) else []
    wanted = {name: said for name, said in expected.items() if name != "status"}
    if answer.status != expected.get("status", answer.status):
        return False
    return not wanted or any(fits(wanted, error) for error in errors)


def _as_field(said: Any) -> str:
    """As a form's field has it."""
    return ("yes" if said else "no") if isinstance(said, bool) else str(said)


def _without_nothing(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}
