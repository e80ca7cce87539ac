"""What can be seen of the story at one moment, from outside: through the API and the recording."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from makegood import Client, ClientError
from workflow.recovery.contact.recording import recorded

_NOT_FOUND = 404
_AT_AN_END = frozenset({"settled", "dead", "unknown"})
Seen = Mapping[str, Any]
"""A subject as `GET /v1/subjects/{key}` shows it."""


@dataclass(frozen=True, slots=True)
class Scene:
    """All subjects, and the notices recorded so far.

    Attributes:
        subjects: by key, in the order in which they were opened.
        notices: the oldest first.
        roots: the short names of those that people opened, by key.
    """

    subjects: Mapping[str, Seen] = field(default_factory=dict)
    notices: tuple[Mapping[str, Any], ...] = ()
    roots: Mapping[str, str] = field(default_factory=dict)

    def name(self, subject: Seen) -> str:
        """A subject's short name: as the story calls it, else its lifecycle, with its kind if it has one,
        such as ``promise/daily_word``.
        """
        kind = subject["data"].get("kind")
        plain = f"{subject['lifecycle']}/{kind}" if kind else str(subject["lifecycle"])
        return self.roots.get(subject["key"], plain)

    def named(self, name: str) -> list[Seen]:
        """All subjects of a short name, the oldest first."""
        return [one for one in self.subjects.values() if self.name(one) == name]

    def newest(self, name: str) -> Seen | None:
        """The last that was opened of a short name."""
        found = self.named(name)
        return found[-1] if found else None

    def effects(self) -> Iterator[Mapping[str, Any]]:
        """Every effect that any of them asked for."""
        for subject in self.subjects.values():
            yield from _effects(subject)


class Stage:
    """Where the story plays: an installation of its own, so that all its subjects belong to the story."""

    def __init__(self, client: Client, recording: Path, roots: Mapping[str, str]) -> None:
        """`recording` is the file of the recording channel, `roots` keys by short name."""
        self.client = client
        self._roots = roots
        self._names = {key: name for name, key in roots.items()}
        self._recording = recording
        self._seen: dict[str, Seen] = {}
        self._scene = Scene(roots=self._names)

    def look(self, *, anew: bool = False) -> Scene:
        """The scene now; with `anew` also subjects are asked for that seem to be at rest.

        Raises ClientError when the API does not answer.
        """
        opened = {one["key"]: one["seq"] for one in self.client.subjects()}
        for key in dict.fromkeys([*opened, *self._roots.values()]):
            before = self._seen.get(key)
            if anew or before is None or before["seq"] != opened.get(key) or not _is_done(before):
                self._ask(key)
        order = [*opened, *(key for key in self._seen if key not in opened)]
        subjects = {key: self._seen[key] for key in order if key in self._seen}
        self._scene = Scene(subjects, tuple(recorded(self._recording)), self._names)
        return self._scene

    def key(self, name: str) -> str | None:
        """The key that a short name stands for, as last seen; a root has one before it is opened."""
        subject = self._scene.newest(name)
        return self._roots.get(name) if subject is None else str(subject["key"])

    def _ask(self, key: str) -> None:
        try:
            self._seen[key] = self.client.subject(key)
        except ClientError as error:
            if error.status != _NOT_FOUND:
                raise


def _effects(subject: Seen) -> Iterator[Mapping[str, Any]]:
    for entry in subject["timeline"]:
        yield from entry["effects"]


def _is_done(subject: Seen) -> bool:
    """Whether nothing about it can change without another decision."""
    decided = all(entry["seq"] is not None for entry in subject["timeline"])
    return decided and all(effect["state"] in _AT_AN_END for effect in _effects(subject))
