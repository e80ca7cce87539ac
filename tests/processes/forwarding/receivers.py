"""The receivers of the play: how each behaves, and what it subscribes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from tests.subscriptions.receiving import Behaviour, Reply, well


def _share(change: Mapping[str, Any], of: int) -> bool:
    """Whether it is one in so many, always the same ones."""
    return crc32(change["id"].encode()) % of == 0


def fickle(change: Mapping[str, Any], times: int) -> Reply:
    """Refuses one in twenty the first time."""
    return Reply(500) if times == 0 and _share(change, 20) else Reply()


def slow(_: Mapping[str, Any], __: int) -> Reply:
    """Takes its time over each."""
    return Reply(seconds=0.2)


def late(seconds: float) -> Behaviour:
    """Answers one in twenty after its sender has given up, the first time."""

    def behave(change: Mapping[str, Any], times: int) -> Reply:
        return Reply(seconds=seconds) if times == 0 and _share(change, 20) else Reply()

    return behave


def dead_until(alive: Callable[[], bool]) -> Behaviour:
    """Takes nothing until it is alive again."""
    return lambda _, __: Reply() if alive() else Reply(503)


@dataclass(frozen=True)
class Part:
    """A receiver, and which subjects it subscribes to: one in so many."""

    name: str
    behaviour: Behaviour
    of: int

    @property
    def condition(self) -> str | None:
        """The condition of its subscription: by the last digits of the subject's number."""
        return None if self.of == 1 else f"change.subject.endsWith('{'0' * (len(str(self.of)) - 1)}')"

    def wants(self, subject: str) -> bool:
        """Whether changes of this subject are sent to it."""
        return self.of == 1 or subject.endswith("0" * (len(str(self.of)) - 1))


def parts(given_up_after: float, alive: Callable[[], bool]) -> list[Part]:
    """All of them; senders wait for so many seconds."""
    return [
        Part("quick", well, 1),
        Part("fickle", fickle, 10),
        Part("slow", slow, 100),
        Part("late", late(given_up_after + 1.0), 10),
        Part("dead for a while", dead_until(alive), 10),
    ]
