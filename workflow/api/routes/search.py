"""Subjects found again: ``/v1/search``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Request
from pydantic import Field

from state_machines.errors import Problem
from workflow.api.auth import ListReader
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.days import instant_of, zone_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.paging import Paging, page_limit
from workflow.api.http.parameters import LISTING, STORABLE, Moment, Name
from workflow.errors import InvalidQuery
from workflow.queries.cursor import cursor_after, rows_of
from workflow.search.choosing import Choice
from workflow.search.search import Hit, search

router = LateRouter(prefix="/v1", tags=["subjects"])

Text = Annotated[str, Field(min_length=1, max_length=200, pattern=STORABLE)]


class SearchQuery(Paging):
    """What is looked for. An unknown parameter is refused: a misspelt filter must not find everything."""

    q: Text | None = Field(
        None,
        description="A key, an account, a telephone number or its last digits (four at least), an e-mail "
        "address, names, words; beginnings of three letters do. Case, accents and umlauts do not matter, nor "
        "how a number is written.",
    )
    lifecycle: list[Name] = Field(
        default_factory=list,
        max_length=20,
        description="Only subjects of this lifecycle; several: of one of them.",
    )
    state: list[Name] = Field(
        default_factory=list, max_length=20, description="Only in this state; several: in one of them."
    )
    owner: Text | None = Field(
        None, description="Only those that this person answers for: an address or a name."
    )
    team: Text | None = Field(None, description="Only those of this team.")
    due_before: Moment | None = Field(
        None,
        description="Only those that have not ended and are due before this instant (RFC 3339), or before "
        "this day of the zone begins. Without `q`, those due first come first.",
    )
    at_risk: bool | None = Field(
        None,
        description="`true`: only those that have not ended, and are overdue or say that they may not be "
        "done in time; `false`: no such ones.",
    )
    open: bool | None = Field(
        None, description="`true`: only those that have not ended; `false`: only ended ones."
    )
    zone: str = Field("UTC", max_length=64, description="Whose days: an IANA time zone.")
    limit: int = page_limit(20, 100)

    def choice(self) -> Choice:
        """Which subjects are wanted, whatever is found. Raises InvalidQuery for a time that is none."""
        due_before = instant_of("due_before", self.due_before, zone_of(self.zone))
        return Choice(
            tuple(dict.fromkeys(self.lifecycle)), tuple(dict.fromkeys(self.state)), self.owner, self.team,
            due_before, self.at_risk, self.open,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Some of what was found, those that it names best first.

    Attributes:
        next: the cursor of the next page; None: that was all.
        indexed: the share of all subjects, from 0 to 1, that can be found; 1 but for a while after an update.
    """

    items: list[Hit]
    next: str | None
    indexed: float


@router.get("/search", summary="Search subjects", response_model=SearchPage, responses=LISTING)
def search_subjects(request: Request, _: ListReader, asked: Annotated[SearchQuery, Query()]) -> JsonAnswer:
    """By what they are known by, and how they stand; whether they have ended or not.

    Whoever is named alone comes first: by key, account, telephone number, e-mail address. Then names,
    beginnings of names, beginnings of keys and ends of numbers, then words, and last what differs by one
    letter. Among equals the newest come first. `found` says of each by what it was found, and where in it the
    words stand.

    A key that may not read everything must say which `lifecycle`, as for `/v1/subjects`.
    """
    choice = asked.choice()
    if asked.q is None and choice == Choice():
        raise InvalidQuery([Problem("query.q", "nothing-asked", "say what to look for: `q`, or a filter")])
    runtime = context_of(request).runtime
    place = rows_of(asked.cursor, 2)
    hits = search(
        runtime.store, runtime.registry, asked.q, choice, runtime.clock.now(),
        limit=asked.limit, place=(place[0], place[1]),
    )  # fmt: skip
    following = None if hits.next is None else cursor_after(*hits.next)
    return JsonAnswer(SearchPage(hits.items, following, hits.filling.share))
