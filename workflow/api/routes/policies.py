"""The policy book, searched with the facts of a case: ``/v1/policies/fitting``, ``/v1/policies/search``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError
from starlette.routing import Match
from starlette.types import Scope

from workflow.api.auth import Reader
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.deprecation import Deprecation, remember_deprecation
from workflow.api.http.late_routes import LateRoute, LateRouter
from workflow.api.http.parameters import LISTING, READING, SubjectKey
from workflow.api.http.problems import Kind, Refusal, described
from workflow.api.http.request_body import described_body, read_model
from workflow.engine.cloudevent import MAX_DEPTH, too_deep
from workflow.recovery.policies import PolicyMatch, Wish, search
from workflow.recovery.policies.facts import facts_of_case

router = LateRouter(prefix="/v1", tags=["policies"])

BY_CASE = Deprecation(
    datetime(2026, 11, 29, tzinfo=UTC), datetime(2027, 11, 29, tzinfo=UTC), "/v1/policies/fitting"
)
"""`GET /v1/policies?case=`: without a case this lists the policies, as every collection does."""
MOST_FACTS = 500
"""Facts that a question may come with, by their names."""
Text = Annotated[str, Field(min_length=1, max_length=200)]


class WishQuery(BaseModel):
    """What somebody wants to grant; `role` and `what` belong together."""

    model_config = ConfigDict(extra="forbid")

    role: Text | None = Field(None, description="In which role.")
    what: Text | None = Field(None, description="What they want to grant.")
    amount: float = Field(0, ge=0, allow_inf_nan=False, description="How much of it.")

    def wish(self) -> Wish | None:
        """For the search. Raises Refusal (422) where half of it is missing."""
        if (self.role is None) != (self.what is None):
            missing = "role" if self.role is None else "what"
            raise Refusal.of(Kind.INVALID, missing, "required", "`role` and `what` belong together")
        return None if self.role is None or self.what is None else Wish(self.role, self.what, self.amount)


class CaseQuery(WishQuery):
    """The case whose facts are held against the policies."""

    case: SubjectKey = Field(description="Key of the case.")
    eligible: bool | None = Field(None, description="Only policies that it is, or is not, eligible for.")


class FactsQuery(WishQuery):
    """Facts that are held against the policies."""

    facts: dict[str, Any] = Field(
        description=f"What is known, as a case knows it: at most {MOST_FACTS} facts of {MAX_DEPTH} levels.",
        max_length=MOST_FACTS,
    )

    @field_validator("facts")
    @classmethod
    def _of_few_levels(cls, facts: dict[str, Any]) -> dict[str, Any]:
        if too_deep(facts, MAX_DEPTH):
            raise PydanticCustomError("depth", f"nests deeper than {MAX_DEPTH} levels")
        return facts


class PolicyList(BaseModel):
    """The policies in force, those first that fit; `more`: there are so many that not all were looked at."""

    items: list[PolicyMatch]
    more: bool


@router.get(
    "/policies/fitting",
    summary="Search the policy book for a case",
    response_model=PolicyList,
    responses=READING,
)
def list_fitting_policies(request: Request, _: Reader, query: Annotated[CaseQuery, Query()]) -> JsonAnswer:
    """Who is eligible, what each role may grant by itself, and who approves what goes beyond.

    With `role` and `what`, `may` says of each policy what would become of that wish.
    """
    store = context_of(request).runtime.store
    found = search(store, facts_of_case(store, query.case), query.wish())
    items = [one for one in found.items if query.eligible in (None, one.eligible)]
    return JsonAnswer({"items": items, "more": found.more})


class CaseRoute(LateRoute):
    """A route that takes only requests whose query names a case; others are for the next that fits."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As of any route, but for the query."""
        match, child = super().matches(scope)
        named = any(
            name == "case" for name, _ in parse_qsl(scope.get("query_string", b"").decode("latin-1"), True)
        )
        return (match, child) if named else (Match.NONE, {})


def list_policies_of_case(
    request: Request, holder: Reader, query: Annotated[CaseQuery, Query()]
) -> JsonAnswer:
    """As `list_fitting_policies`, at the address that now lists the policies."""
    remember_deprecation(request.scope, BY_CASE)
    return list_fitting_policies(request, holder, query)


router.add_api_route(
    "/policies", list_policies_of_case, include_in_schema=False, route_class_override=CaseRoute
)


@router.post(
    "/policies/search",
    summary="Search the policy book with facts",
    response_model=PolicyList,
    responses=LISTING | described(Kind.MALFORMED, Kind.TIMEOUT, Kind.TOO_LARGE),
    openapi_extra=described_body(FactsQuery),
)
async def search_policies(request: Request, _: Reader) -> JsonAnswer:
    """As for a case, with facts of nobody's: to try what a condition says, or before there is a case."""
    query = await read_model(request, FactsQuery)
    store, wish = context_of(request).runtime.store, query.wish()
    return await run_in_threadpool(lambda: JsonAnswer(search(store, query.facts, wish)))
