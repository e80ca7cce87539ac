"""The archive of service alerts: ``/v1/alerts``, and its pages."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from workflow.api.auth import Reader
from workflow.api.browser import BrowserReader
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.days import instant_of, zone_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.negotiation import JSON, MARKDOWN, preferred
from workflow.api.http.paging import Paging, page_limit
from workflow.api.http.parameters import LISTING, LONGEST_KEY, READING, STORABLE, Moment, SubjectKey
from workflow.recovery.archive.search import Alert, AlertPage, Wanted, alert, search

router = LateRouter(tags=["alerts"])

Text = Annotated[str, Field(max_length=200, pattern=STORABLE)]


class AlertQuery(Paging):
    """What is looked for; what is left empty narrows nothing. An unknown parameter is refused."""

    words: str | None = Field(
        None,
        max_length=1000,
        description="An alert has, for each word, one that begins with it: case and accents do not matter.",
    )
    cause: Text | None = None
    part: Text | None = Field(None, description="The part of the service.")
    case: SubjectKey | None = Field(None, description="Key of the case.")
    since: Moment | None = Field(
        None, description="Documented from this instant (RFC 3339) or day of the zone on."
    )
    until: Moment | None = Field(None, description="And before this one.")
    zone: str = Field("UTC", max_length=64, description="Whose days: an IANA time zone.")
    versions: Literal["newest", "all"] = Field(
        "newest", description="Whether versions that a later one has replaced are shown too."
    )
    limit: int = page_limit(20, 200)

    def wanted(self) -> Wanted:
        """For the archive. Raises InvalidQuery for times that are none."""
        where = zone_of(self.zone)
        return Wanted(
            self.words or None,
            self.cause or None,
            self.part or None,
            self.case or None,
            instant_of("since", self.since, where),
            instant_of("until", self.until, where),
            every_version=self.versions == "all",
        )


@router.get(
    "/v1/alerts", summary="Search the archive of service alerts", response_model=AlertPage, responses=LISTING
)
def search_alerts(request: Request, _: Reader, query: Annotated[AlertQuery, Query()]) -> JsonAnswer:
    """By words, cause, part and time, those written last first; each with the place where the words stand."""
    store = context_of(request).runtime.store
    return JsonAnswer(search(store, query.wanted(), limit=query.limit, cursor=query.cursor))


Case = Annotated[str, Path(description="Key of the case.", max_length=LONGEST_KEY)]
Version = Annotated[str, Path(pattern=r"^(?:latest|[1-9][0-9]{0,8})$", description="1, 2, ... or `latest`.")]


@router.get(
    "/v1/alerts/{case:path}/{version}",
    summary="One service alert",
    response_model=Alert,
    responses=READING,
)
def get_alert(request: Request, _: BrowserReader, case: Case, version: Version) -> Response:
    """As JSON, or as Markdown or a page where `Accept` prefers `text/markdown` or `text/html`."""
    found = alert_of(request, case, version)
    if preferred(request.headers.get("accept"), (JSON, MARKDOWN)) == MARKDOWN:
        return Response(found.markdown, media_type=f"{MARKDOWN}; charset=utf-8")
    return JsonAnswer(found)


def alert_of(request: Request, case: str, version: str) -> Alert:
    """The alert that a path names. Raises NotFound."""
    store = context_of(request).runtime.store
    return alert(store, case, None if version == "latest" else int(version))
