"""What can be seen of the story at one moment, from outside: through the API and the recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workflow.client import Client, DoorError
from workflow.recording import recorded

_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Scene:
    """The story's subjects as `GET /v1/subjects/{key}` shows them, and the notices recorded so far.

    Attributes:
        subjects: by lifecycle; one that has not been opened yet is missing.
        callbacks: keys of every callback that the escalation asked for: there should be one.
        notices: the oldest first.
    """

    subjects: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    callbacks: tuple[str, ...] = ()
    notices: tuple[Mapping[str, Any], ...] = ()


class Stage:
    """Where the story plays: one promise, the escalation it may open, the callback that one may ask for."""

    def __init__(self, client: Client, recording: Path, promise: str) -> None:
        """`promise` is the promise's key, `recording` the file of the recording channel."""
        self.keys = {"promise": promise, "escalation": promise.replace("promise:", "escalation:", 1)}
        self.client = client
        self._recording = recording

    def look(self) -> Scene:
        """The scene now. Raises DoorError when the API does not answer."""
        subjects = {lifecycle: self._seen(self.keys[lifecycle]) for lifecycle in ("promise", "escalation")}
        escalation = subjects["escalation"]
        calls = _callbacks(escalation) if escalation else ()
        if calls:
            self.keys["callback"] = calls[-1]
            subjects["callback"] = self._seen(calls[-1])
        seen = {lifecycle: subject for lifecycle, subject in subjects.items() if subject is not None}
        return Scene(seen, calls, tuple(recorded(self._recording)))

    def _seen(self, key: str) -> Mapping[str, Any] | None:
        try:
            return self.client.subject(key)
        except DoorError as error:
            if error.status == _NOT_FOUND:
                return None
            raise


def _callbacks(escalation: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(child["key"] for child in escalation["children"] if child["lifecycle"] == "callback")
