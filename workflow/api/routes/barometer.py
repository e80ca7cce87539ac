"""The barometer: ``/v1/barometer``, its figures, and the subjects behind each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Path, Query, Request

from workflow.api.auth import Reader
from workflow.api.context import ApiContext, context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.parameters import READING
from workflow.api.http.problems import Kind, described
from workflow.api.routes.barometer_query import BarometerQuery, Links, SubjectsQuery, question_of
from workflow.recovery.barometer.answers import Group, Numbers, ask
from workflow.recovery.barometer.figures import all_figures, figure
from workflow.recovery.barometer.question import Question
from workflow.recovery.barometer.subjects import CountedPage, counted

router = LateRouter(prefix="/v1", tags=["barometer"])
_WITHOUT_QUESTION = described(Kind.UNAUTHENTICATED, Kind.UNAVAILABLE)

FigureName = Annotated[
    str, Path(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="A figure, as `GET /v1/barometer` lists them.")
]


@dataclass(frozen=True, slots=True)
class FigureLine:
    """A figure that can be asked for; `measure` says which numbers it gives."""

    name: str
    title: str
    lifecycle: str
    measure: str
    by: str


@dataclass(frozen=True, slots=True)
class FigureList:
    """All of them."""

    items: list[FigureLine]


@dataclass(frozen=True, slots=True)
class GroupView:
    """One group: its name (null: of those that have none), its numbers, and where its subjects are listed."""

    name: str | None
    subjects: int
    numbers: Numbers
    link: str


@dataclass(frozen=True, slots=True)
class FigureView:
    """The answer to one question; times are UTC."""

    figure: str
    title: str
    by: str
    since: datetime
    until: datetime
    zone: str
    groups: list[GroupView]
    all: GroupView


@router.get(
    "/barometer", summary="Which figures there are", response_model=FigureList, responses=_WITHOUT_QUESTION
)
def list_figures(request: Request, _: Reader) -> JsonAnswer:
    """Those of every installation, then one for each lifecycle of its own that declares a barometer."""
    found = all_figures(context_of(request).runtime.registry)
    return JsonAnswer(
        FigureList(
            [FigureLine(one.name, one.title, one.lifecycle, str(one.measure), one.by) for one in found]
        )
    )


@router.get("/barometer/{name}", summary="One figure", response_model=FigureView, responses=READING)
def get_figure(
    request: Request, _: Reader, name: FigureName, wanted: Annotated[BarometerQuery, Query()]
) -> JsonAnswer:
    """Any period, any grouping, any choice of subjects; each group says where its subjects are listed."""
    context = context_of(request)
    question = asked(context, name, wanted)
    found = ask(context.runtime.store, question)

    links = Links("/v1/barometer", question)

    return JsonAnswer(
        FigureView(
            name,
            question.figure.title,
            question.by,
            question.since,
            question.until,
            str(question.zone),
            [_view(one, links.of(one.name)) for one in found.groups],
            _view(found.all, links.everything()),
        )
    )


@router.get(
    "/barometer/{name}/subjects",
    summary="The subjects behind a figure",
    response_model=CountedPage,
    responses=READING,
)
def list_counted(
    request: Request, _: Reader, name: FigureName, wanted: Annotated[SubjectsQuery, Query()]
) -> JsonAnswer:
    """The same questions, answered with the subjects that were counted, page by page."""
    context = context_of(request)
    question = asked(context, name, wanted)
    return JsonAnswer(counted(context.runtime.store, question, limit=wanted.limit, cursor=wanted.cursor))


def _view(one: Group, link: str) -> GroupView:
    return GroupView(one.name, one.subjects, one.numbers, link)


def asked(context: ApiContext, name: str, wanted: BarometerQuery) -> Question:
    """The question that a query asks. Raises NotFound, InvalidQuery."""
    runtime = context.runtime
    return question_of(figure(name, runtime.registry), wanted, runtime.clock.now())
