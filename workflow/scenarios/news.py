"""What has happened since somebody looked last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workflow.scenarios.stage import DeadThing, SeenMove, SentNotice, Stage, TaskCall


@dataclass(frozen=True, slots=True)
class News:
    """Notices that went out, decisions, tasks of other programs that were called, and what failed."""

    notices: Sequence[SentNotice]
    moves: Sequence[SeenMove]
    calls: Sequence[TaskCall]
    dead: Sequence[DeadThing]

    def and_then(self, later: News) -> News:
        """These, and what came after them."""
        return News(
            [*self.notices, *later.notices],
            [*self.moves, *later.moves],
            [*self.calls, *later.calls],
            [*self.dead, *later.dead],
        )

    @property
    def refused(self) -> list[SeenMove]:
        """The decisions by which an event was refused."""
        return [one for one in self.moves if one.outcome == "refused"]


class NewsReader:
    """Reads the news of one stage; each thing is news once."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._notices = 0
        self._calls: set[str] = set()
        self._moves = 0
        self._dead: set[str] = set()

    def read(self) -> News:
        """What was not there when this was asked last."""
        notices = self._stage.notices()[self._notices :]
        # One that had to wait is called after those that were asked for later.
        calls = [one for one in self._stage.calls() if one.effect not in self._calls]
        moves = self._stage.moves(self._moves)
        dead = [one for one in self._stage.dead() if one.identity not in self._dead]
        self._notices += len(notices)
        self._calls |= {one.effect for one in calls}
        self._moves = moves[-1].number if moves else self._moves
        self._dead |= {one.identity for one in dead}
        return News(list(notices), list(moves), list(calls), dead)
