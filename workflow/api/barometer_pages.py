"""The barometer for people: charts beside their tables, each bar leading down to its cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from workflow.api.barometer import FigureName, asked
from workflow.api.barometer_query import BarometerQuery, Links, SubjectsQuery, question_of
from workflow.api.door import Door, door_of
from workflow.api.visitors import Visitor
from workflow.barometer.answers import Answer, ask
from workflow.barometer.catalogue import all_figures
from workflow.barometer.chart import Chart, chart
from workflow.barometer.question import Question
from workflow.barometer.subjects import counted
from workflow.pages import page

router = APIRouter(include_in_schema=False)

_BASE = "/barometer"


@dataclass(frozen=True, slots=True)
class Shown:
    """One figure on a page."""

    question: Question
    answer: Answer
    chart: Chart
    all_link: str


@router.get("/barometer")
def barometer(request: Request, _: Visitor, wanted: Annotated[BarometerQuery, Query()]) -> HTMLResponse:
    """Every figure over one time, grouped as each is usually read unless `by` says otherwise."""
    door = door_of(request)
    now = door.runtime.clock.now()
    found = [one for one in all_figures(door.runtime.registry) if _is_known(door, one.lifecycle)]
    shown = [_shown(door, question_of(one, wanted, now)) for one in found]
    return page("barometer.html", shown=shown, wanted=wanted, place=_BASE, title="Barometer")


@router.get("/barometer/{name}")
def one_figure(
    request: Request, _: Visitor, name: FigureName, wanted: Annotated[BarometerQuery, Query()]
) -> HTMLResponse:
    """One figure by itself."""
    door = door_of(request)
    question = asked(door, name, wanted)
    return page(
        "barometer.html",
        shown=[_shown(door, question)],
        wanted=wanted,
        place=f"{_BASE}/{name}",
        title=question.figure.title,
    )


@router.get("/barometer/{name}/subjects")
def behind(
    request: Request, _: Visitor, name: FigureName, wanted: Annotated[SubjectsQuery, Query()]
) -> HTMLResponse:
    """The cases behind a bar."""
    door = door_of(request)
    question = asked(door, name, wanted)
    found = counted(door.runtime.store, question, limit=wanted.limit, cursor=wanted.cursor)
    following = request.url.include_query_params(cursor=found.next).query if found.next else None
    return page("barometer_subjects.html", question=question, found=found, following=following)


def _is_known(door: Door, lifecycle: str) -> bool:
    return door.runtime.registry.known(lifecycle) is not None


def _shown(door: Door, question: Question) -> Shown:
    answer = ask(door.runtime.store, question)
    links = Links(_BASE, question)
    return Shown(question, answer, chart(question, answer, links), links.everything())
