"""Searching the policy book: who is eligible, what a role may grant by itself, what needs whose approval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

from state_machines.expressions.fact_conditions import why_not
from workflow.queries.subjects import SubjectRow, subjects
from workflow.store.port import Store

MOST = 1_000
"""Policies that one search holds against the facts; each takes at most one evaluation of an expression."""
_PAGE = 500


class May(StrEnum):
    """What becomes of a wish to grant something."""

    GRANTED = "granted"
    """Within the role's authority: at once, and nobody else is asked."""
    NEEDS_APPROVAL = "needs_approval"
    """Allowed, but beyond that authority: the approvers are asked."""
    NOT_ELIGIBLE = "not_eligible"
    """Not by this policy."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to grant: in which role, what, and how much of it."""

    role: str
    what: str
    amount: float = 0


@dataclass(frozen=True, slots=True)
class PolicyMatch:
    """A policy in force, held against the facts of a case.

    Attributes:
        policy: its id. key: the subject's.
        eligible: whether the facts fit it. reason: why not; empty where they do.
        may: what becomes of the wish that was asked about; None when none was.
        grants: what each role may grant by itself: role, what, and up_to (absent: without limit).
        approvers: the ladder of who approves what goes beyond. decide_within: how soon, ISO 8601.
        displeasures: how many customers have minded it.
    """

    policy: str
    key: str
    title: str
    text: str
    eligible: bool
    reason: str
    may: May | None
    grants: Sequence[Mapping[str, Any]]
    approvers: Sequence[Mapping[str, Any]]
    decide_within: str
    owner: Any
    displeasures: int


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """The policies in force, those first that the facts are eligible for, each group by its title.

    Attributes:
        items: the first `MOST` that were set.
        more: whether there are others.
    """

    items: Sequence[PolicyMatch]
    more: bool


def search(store: Store, facts: Mapping[str, Any], wish: Wish | None = None) -> PolicyBook:
    """The policies in force, held against these facts."""
    rows = list(islice(_in_force(store), MOST + 1))
    found = [_match(row, facts, wish) for row in rows[:MOST]]
    found.sort(key=lambda one: (not one.eligible, one.title, one.policy))
    return PolicyBook(found, len(rows) > MOST)


def _in_force(store: Store) -> Iterator[SubjectRow]:
    cursor: str | None = None
    while True:
        page = subjects(store, lifecycle="policy", states=["in_force"], limit=_PAGE, cursor=cursor)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


def _match(row: SubjectRow, facts: Mapping[str, Any], wish: Wish | None) -> PolicyMatch:
    data = row.data
    reason = why_not(data.get("eligible", "false"), facts)
    return PolicyMatch(
        policy=row.key.partition(":")[2],
        key=row.key,
        title=data.get("title", ""),
        text=data.get("text", ""),
        eligible=reason == "",
        reason=reason,
        may=None if wish is None else _may(data["grants"], reason == "", wish),
        grants=data["grants"],
        approvers=data["approvers"],
        decide_within=data["decide_within"],
        owner=data.get("owner"),
        displeasures=data["displeasures"],
    )


def _may(grants: Sequence[Mapping[str, Any]], eligible: bool, wish: Wish) -> May:
    """As the lifecycle `policy` answers when it is asked; a test holds the two together."""
    spoken_of = [one for one in grants if one["what"] == wish.what]
    if not eligible or not spoken_of:
        return May.NOT_ELIGIBLE
    within = any(
        one["role"] == wish.role and wish.amount <= one.get("up_to", wish.amount) for one in spoken_of
    )
    return May.GRANTED if within else May.NEEDS_APPROVAL
