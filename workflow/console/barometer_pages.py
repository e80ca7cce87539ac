"""The barometer for people: charts beside their tables, each bar leading down to its cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Query, Request
from starlette.responses import HTMLResponse

from workflow.api.browser import BrowserReader
from workflow.api.context import ApiContext, context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.routes.barometer import FigureName, asked
from workflow.api.routes.barometer_query import BarometerQuery, Links, SubjectsQuery, question_of
from workflow.console.rendering import page
from workflow.console.viewer import viewer_of
from workflow.recovery.barometer.answers import FigureResult, ask_all
from workflow.recovery.barometer.chart import Chart, chart
from workflow.recovery.barometer.figures import all_figures
from workflow.recovery.barometer.question import Question
from workflow.recovery.barometer.subjects import counted

router = LateRouter(include_in_schema=False)

_BASE = "/barometer"
_Wanted = TypeVar("_Wanted", bound=BarometerQuery)


@dataclass(frozen=True, slots=True)
class Shown:
    """One figure on a page."""

    question: Question
    answer: FigureResult
    chart: Chart
    all_link: str


@router.get("/barometer")
def barometer(request: Request, _: BrowserReader, wanted: Annotated[BarometerQuery, Query()]) -> HTMLResponse:
    """Every figure over one time, grouped as each is usually read unless `by` says otherwise."""
    context = context_of(request)
    now, wanted = context.runtime.clock.now(), _by_their_clock(request, wanted)
    found = [one for one in all_figures(context.runtime.registry) if _is_known(context, one.lifecycle)]
    shown = _shown(context, [question_of(one, wanted, now) for one in found])
    return page(request, "barometer.html", shown=shown, wanted=wanted, place=_BASE, title="Barometer")


@router.get("/barometer/{name}")
def one_figure(
    request: Request, _: BrowserReader, name: FigureName, wanted: Annotated[BarometerQuery, Query()]
) -> HTMLResponse:
    """One figure by itself."""
    context, wanted = context_of(request), _by_their_clock(request, wanted)
    question = asked(context, name, wanted)
    return page(
        request,
        "barometer.html",
        shown=_shown(context, [question]),
        wanted=wanted,
        place=f"{_BASE}/{name}",
        title=question.figure.title,
    )


@router.get("/barometer/{name}/subjects")
def behind(
    request: Request, _: BrowserReader, name: FigureName, wanted: Annotated[SubjectsQuery, Query()]
) -> HTMLResponse:
    """The cases behind a bar."""
    context = context_of(request)
    question = asked(context, name, _by_their_clock(request, wanted))
    found = counted(context.runtime.store, question, limit=wanted.limit, cursor=wanted.cursor)
    following = request.url.include_query_params(cursor=found.next).query if found.next else None
    return page(request, "barometer_subjects.html", question=question, found=found, following=following)


def _by_their_clock(request: Request, wanted: _Wanted) -> _Wanted:
    """The same; where no zone was said, days and months are those of whoever looks."""
    if "zone" in wanted.model_fields_set:
        return wanted
    return wanted.model_copy(update={"zone": viewer_of(request).zone})


def _is_known(context: ApiContext, lifecycle: str) -> bool:
    return context.runtime.registry.known(lifecycle) is not None


def _shown(context: ApiContext, questions: Sequence[Question]) -> list[Shown]:
    found = []
    for question, answer in zip(questions, ask_all(context.runtime.store, questions), strict=True):
        links = Links(_BASE, question)
        found.append(Shown(question, answer, chart(question, answer, links), links.everything()))
    return found
