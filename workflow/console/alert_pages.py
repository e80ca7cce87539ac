"""The archive of service alerts for people: a form with what it finds, and each alert as a page."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse

from workflow.api.browser import BrowserReader
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.negotiation import JSON, MARKDOWN
from workflow.api.routes.alerts import AlertQuery, Case, Version, alert_of
from workflow.console.alert_reading import reading
from workflow.console.preferred_pages import preferred_over
from workflow.console.rendering import page
from workflow.console.translations import ENGLISH
from workflow.console.viewer import viewer_of
from workflow.recovery.archive.markdown import html, markdown
from workflow.recovery.archive.search import search

router = LateRouter(include_in_schema=False)
alert_router = LateRouter(include_in_schema=False, route_class=preferred_over(JSON, MARKDOWN))


@alert_router.get("/v1/alerts/{case:path}/{version}")
def alert_page(request: Request, _: BrowserReader, case: Case, version: Version) -> HTMLResponse:
    """One service alert, to be read."""
    found = alert_of(request, case, version)
    language, own = viewer_of(request).language, context_of(request).runtime.settings.lifecycles
    written = found.markdown if language == ENGLISH else markdown(found.document, reading(language, own))
    return page(request, "alert.html", alert=found, body=Markup(html(written)))


@router.get("/alerts")
def archive(request: Request, _: BrowserReader, query: Annotated[AlertQuery, Query()]) -> HTMLResponse:
    """The archive for people: a form and what it finds."""
    store = context_of(request).runtime.store
    found = search(store, query.wanted(), limit=query.limit, cursor=query.cursor)
    following = request.url.include_query_params(cursor=found.next).query if found.next else None
    return page(request, "alerts.html", query=query, found=found, following=following, pieces=marked)


def marked(text: str, marks: list[tuple[int, int]]) -> list[tuple[str, bool]]:
    """A text in pieces, each with whether it is one of those that were asked for."""
    pieces, place = [], 0
    for begin, end in marks:
        pieces += [(text[place:begin], False), (text[begin:end], True)]
        place = end
    return [*pieces, (text[place:], False)]
