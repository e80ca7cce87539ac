"""The post: every notice that was asked for, what became of it, and which message it was in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from state_machines.notices.topics import topic_of
from workflow.store.port import Store
from workflow.store.schema import outbox, subjects

_OPEN = ("pending", "published", "sending")
_LOST = ("dead", "unknown")
_RECALLED = "recalled"


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice as it was asked for, and how it stands.

    Attributes:
        number: of its effect, in the order in which they were asked for.
        subject: key of who asked for it; `parent` of that one.
        asked: over which channel, or `preferred`.
        payload: all that was asked for.
        receipt: what the other side answered.
    """

    number: int
    key: str
    subject: str
    parent: str | None
    asked: str
    payload: Mapping[str, Any]
    state: str
    receipt: Mapping[str, Any]
    error: str | None
    asked_at: datetime

    @property
    def about(self) -> str:
        """Its topic."""
        return str(self.payload["about"])

    @property
    def to(self) -> Any:
        """To whom, as the decision knew them."""
        return self.payload["to"]

    @property
    def is_open(self) -> bool:
        """Whether it can still go out."""
        return self.state in _OPEN

    @property
    def is_settled(self) -> bool:
        """Whether it went out, as far as anybody knows."""
        return not self.is_open and self.state not in (*_LOST, _RECALLED)

    @property
    def has_failed(self) -> bool:
        """Whether a try to send it went wrong; that it waits stands in the same place."""
        return self.error is not None and not self.error.startswith("waits:")

    @property
    def is_for_colleague(self) -> bool:
        """Whether its topic is one that colleagues are told about."""
        return topic_of(self.payload).colleagues

    @property
    def case(self) -> str | None:
        """Key of the case out of which it comes."""
        return next((one for one in (self.subject, self.parent) if one and one.startswith("case:")), None)

    @property
    def texts(self) -> Sequence[tuple[str, str]]:
        """Its title and words, as they stand and as they are over each channel with words of its own."""
        own = (self.payload.get("variants") or {}).values()
        plain = (str(self.payload.get("title") or ""), str(self.payload.get("words") or ""))
        return [plain, *((one.get("title") or plain[0], one.get("words") or plain[1]) for one in own)]


@dataclass(slots=True)
class Post:
    """All letters of a world; `read` takes in what is new of them."""

    letters: dict[str, Letter] = field(default_factory=dict)
    _last: int = 0

    def read(self, store: Store) -> Sequence[Letter]:
        """Letters that are new or stand otherwise than before, in the order in which they were asked for."""
        still = {
            kind: [one.number for one in self.letters.values() if one.state in kind]
            for kind in (_OPEN, _LOST)
        }
        found = list(_letters(store, self._last, still[_OPEN], still[_LOST]))
        changed = [one for one in found if self.letters.get(one.key) != one]
        self.letters.update({one.key: one for one in changed})
        self._last = max([self._last, *(one.number for one in found)])
        return changed

    def waiting(self) -> Iterator[Letter]:
        """Those that can still go out."""
        return (one for one in self.letters.values() if one.is_open)

    def of_message(self, key: str) -> Sequence[Letter]:
        """The letters that went as the message with this key, as the receipt of its first says."""
        first = self.letters[key]
        return [self.letters[one] for one in first.receipt.get("digest", (key,)) if one in self.letters]


def _letters(store: Store, after: int, still: Collection[int], lost: Collection[int]) -> Iterator[Letter]:
    """The new ones; of those that could still go out what did or failed, of the lost ones the found."""
    with store.connect() as connection:
        for row in connection.execute(_QUERY, {"after": after, "still": still, "lost": lost}):
            number, key, subject, parent, asked, payload, state, receipt, error, asked_at = row
            yield Letter(number, key, subject, parent, asked, payload, state, receipt or {}, error, asked_at)


_OF = outbox.c
_MOVED_ON = _OF.id.in_(bindparam("still", expanding=True)) & (
    _OF.state.not_in(_OPEN) | _OF.error.is_not(None)
)
_FOUND_AGAIN = _OF.id.in_(bindparam("lost", expanding=True)) & _OF.state.not_in(_LOST)
_QUERY = (
    select(
        _OF.id, _OF.key, subjects.c.key, subjects.c.parent, _OF.target, _OF.payload, _OF.state, _OF.receipt,
        _OF.error, _OF.created_at,
    )
    .join(subjects, subjects.c.id == _OF.subject_id)
    .where(_OF.kind == "notice", (_OF.id > bindparam("after")) | _MOVED_ON | _FOUND_AGAIN)
    .order_by(_OF.id)
)  # fmt: skip
"""Built once: it is asked at every instant."""
