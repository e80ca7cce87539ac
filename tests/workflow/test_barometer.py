"""The barometer: written with each decision, asked over any period, told down to the subjects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select, update

from tests.workflow.parcels import PARCEL
from tests.workflow.world import NOW, World
from workflow.clock import VirtualClock
from workflow.engine.engine import Engine
from workflow.engine.ledger import decisions
from workflow.engine.registry import Registry
from workflow.errors import InvalidQuery, NotFound
from workflow.recovery.barometer.answers import ask, ask_all
from workflow.recovery.barometer.distributions import quantile
from workflow.recovery.barometer.figures import Figure, Measure, all_figures, figure
from workflow.recovery.barometer.periods import periods
from workflow.recovery.barometer.question import Question
from workflow.recovery.barometer.subjects import counted
from workflow.store import migrate, open_store, schema

BERLIN = ZoneInfo("Europe/Berlin")
PARCELS = Figure("parcel", "Parcels", "parcel", Measure.OUTCOMES, "month")


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """On SQLite and on PostgreSQL."""
    migrate(database_url)
    store, clock = open_store(database_url), VirtualClock(NOW)
    registry = Registry(store)
    registry.register([(PARCEL, None)], clock.now())
    yield World(store, Engine(store, registry, clock), clock)
    store.close()


def send(world: World, number: int, hours: int = 24, **data: Any) -> str:
    due = (world.clock.now() + timedelta(hours=hours)).isoformat()
    key = f"parcel:{number}"
    world.post("parcel.send", key, {"due_at": due, **data}, parent=f"case:{number % 2}")
    return key


def question(**changes: Any) -> Question:
    asked = Question(PARCELS, NOW - timedelta(days=30), NOW + timedelta(days=30), "team", ZoneInfo("UTC"))
    return replace(asked, **changes)


def three_parcels(world: World) -> None:
    """One kept by billing, one late by billing, one of nobody's lapsed."""
    kept, late = (
        send(world, 1, team="billing", cause="training"),
        send(world, 2, team="billing", cause="training"),
    )
    send(world, 3, cause="weather")
    world.clock.move_to(NOW + timedelta(minutes=90))
    world.post("parcel.arrive", kept)
    world.move_to(NOW + timedelta(hours=25))
    world.clock.move_to(NOW + timedelta(hours=25))
    world.post("parcel.arrive", late)


def test_kept_late_and_lapsed_by_team(world: World) -> None:
    three_parcels(world)
    found = ask(world.store, question())
    assert [(one.name, one.subjects) for one in found.groups] == [("billing", 2), (None, 1)]
    billing, nobody = (one.numbers for one in found.groups)
    assert (billing["kept"], billing["late"], billing["lapsed"], billing["kept_share"]) == (1, 1, 0, 0.5)
    assert (nobody["lapsed"], nobody["kept_share"]) == (1, 0.0)
    assert (found.all.subjects, found.all.numbers["kept_share"]) == (3, 0.3333)


def test_a_late_one_that_was_lapsed_is_counted_once_as_it_stands_now(world: World) -> None:
    key = send(world, 1)
    assert ask(world.store, question()).all.numbers["open"] == 1
    world.move_to(NOW + timedelta(hours=25))
    assert ask(world.store, question()).all.numbers["lapsed"] == 1
    world.clock.move_to(NOW + timedelta(hours=26))
    world.post("parcel.arrive", key)
    numbers = ask(world.store, question()).all.numbers
    assert {name: numbers[name] for name in ("open", "lapsed", "late")} == {"open": 0, "lapsed": 0, "late": 1}


def test_each_figure_leads_to_its_subjects_and_their_cases_page_by_page(world: World) -> None:
    three_parcels(world)
    late = counted(world.store, question(only={"outcome": "late"}))
    assert [(one.subject, one.case, one.minutes) for one in late.items] == [("parcel:2", "case:0", 1500)]
    nobody = counted(world.store, question(only={"team": None}))
    assert [(one.subject, one.state) for one in nobody.items] == [("parcel:3", "late")]
    keys, cursor = [], None
    while True:
        page = counted(world.store, question(), limit=2, cursor=cursor)
        keys += [one.subject for one in page.items]
        if (cursor := page.next) is None:
            break
    assert keys == ["parcel:1", "parcel:2", "parcel:3"]


def test_how_long_it_took_is_told_by_the_median_and_by_nine_of_ten(world: World) -> None:
    for number, minutes in enumerate([5, 10, 20, 30, 2000], 1):
        key = send(world, number, hours=72, team="billing")
        world.clock.move_to(world.clock.now() + timedelta(minutes=minutes))
        world.post("parcel.arrive", key)
    send(world, 9, hours=72)
    minutes = question(figure=replace(PARCELS, measure=Measure.MINUTES), by="all")
    assert ask(world.store, minutes).all.numbers == {
        "settled": 5, "median": 20, "nine_of_ten": 1980, "longest": 1980,
    }  # fmt: skip


def test_who_is_sent_round_shows(world: World) -> None:
    first, second = send(world, 1, team="billing"), send(world, 2, team="billing")
    for key in (first, first, first, second):
        world.post("parcel.ask", key)
    counts = question(figure=replace(PARCELS, measure=Measure.COUNTS))
    (billing,) = ask(world.store, counts).groups
    assert billing.numbers == {"sum": 4, "mean": 2.0, "most": 3, "many": 1}


def test_figures_of_the_same_subjects_are_counted_in_one_pass_and_as_each_by_itself(world: World) -> None:
    three_parcels(world)
    keys = [send(world, 4, team="billing"), send(world, 5)]
    with world.store.begin() as transaction:
        large = select(schema.subjects.c.id).where(schema.subjects.c.key.in_(["parcel:1", *keys]))
        of = update(schema.figures).where(schema.figures.c.subject_id.in_(large))
        transaction.connection.execute(of.values(kind="large"))
    kinds = replace(PARCELS, kind="large")
    asked = [
        question(figure=replace(one, measure=measure), by=by)
        for by in ("team", "all", "cause", "month")
        for one, measure in (
            (PARCELS, Measure.OUTCOMES), (PARCELS, Measure.COUNTS), (PARCELS, Measure.RECURRING),
            (kinds, Measure.MINUTES), (PARCELS, Measure.MINUTES), (kinds, Measure.OUTCOMES),
        )
    ]  # fmt: skip
    asked.append(question(only={"team": "billing"}))
    assert ask_all(world.store, asked) == [ask(world.store, one) for one in asked]
    statements: list[str] = []

    def heard(*said: Any) -> None:
        statements.append(said[2])

    with world.store.connect() as connection:
        engine = connection.engine
    event.listen(engine, "before_cursor_execute", heard)
    ask_all(world.store, [one for one in asked if one.by == "team" and not one.only])
    event.remove(engine, "before_cursor_execute", heard)
    assert len([one for one in statements if "figures" in one]) == 3, "five in one, and two for what recurs"


def test_a_cause_that_recurs_shows_with_its_months_and_the_time_before(world: World) -> None:
    for number, days in enumerate([-40, -5, 3, 4]):
        send(world, number, hours=24 * days, cause="training")
    send(world, 8, hours=-24 * 50, cause="weather")
    causes = question(figure=replace(PARCELS, measure=Measure.RECURRING), by="cause")
    found = {one.name: (one.subjects, dict(one.numbers)) for one in ask(world.store, causes).groups}
    assert found == {
        "training": (3, {"before": 1, "change": 2, "months": 2}),
        "weather": (0, {"before": 1, "change": -1, "months": 0}),
    }


def test_any_period_by_the_calendar_of_a_zone_and_empty_ones_too(world: World) -> None:
    send(world, 1, hours=14 * 24 - 11)  # 15 March, 23 h UTC: the 16th in Berlin, a Monday
    send(world, 2, hours=30 * 24)  # 1 April
    weeks = question(by="week", zone=BERLIN, since=NOW, until=datetime(2026, 4, 6, tzinfo=UTC))
    assert {one.name: one.subjects for one in ask(world.store, weeks).groups} == {
        "2026-W10": 0, "2026-W11": 0, "2026-W12": 1, "2026-W13": 0, "2026-W14": 1, "2026-W15": 0,
    }  # fmt: skip
    everything = ask(world.store, replace(weeks, by="all")).all
    assert everything.subjects == 2


def test_periods_follow_the_zone_over_a_change_of_clocks_and_cover_the_whole_time() -> None:
    since, until = datetime(2026, 3, 27, 12, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC)
    days = periods("day", since, until, BERLIN)
    assert [one.label for one in days][:4] == ["2026-03-27", "2026-03-28", "2026-03-29", "2026-03-30"]
    assert days[2].end - days[2].start == timedelta(hours=23)
    for unit in ("day", "week", "month", "quarter", "year"):
        found = periods(unit, since, until, BERLIN)
        assert (found[0].start, found[-1].end) == (since, until)
        assert all(one.end == after.start for one, after in pairwise(found))
    with pytest.raises(InvalidQuery, match="too-many-periods"):
        periods("day", since, since + timedelta(days=500), BERLIN)


def test_a_lifecycle_with_a_barometer_is_a_figure_by_its_own_name(world: World) -> None:
    registry = world.engine.registry
    assert figure("parcel", registry) == PARCELS
    assert all_figures(registry)[-1] == PARCELS
    with pytest.raises(NotFound, match="there are promises, first_word"):
        figure("lamps", registry)


def test_the_ledger_replayed_gives_the_same_figures(world: World) -> None:
    three_parcels(world)
    rule = world.engine.registry.latest("parcel").barometer
    assert rule is not None
    with world.store.connect() as connection:
        rows = connection.execute(
            select(schema.subjects.c.key, schema.figures)
            .join_from(schema.subjects, schema.figures, schema.figures.c.subject_id == schema.subjects.c.id)
        ).all()  # fmt: skip
    assert len(rows) == 3
    for key, _, lifecycle, *stored in rows:
        *_, (last, _) = decisions(world.store, world.engine.registry, key)
        assert lifecycle == "parcel"
        assert tuple(stored) == rule.read(last)


@pytest.mark.parametrize(
    ("share", "value"), [(0.25, 10), (0.26, 20), (0.5, 20), (0.51, 30), (0.75, 30), (0.9, 40), (1.0, 40)]
)
def test_a_quantile_is_the_least_value_that_so_many_do_not_exceed(share: float, value: int) -> None:
    """By nearest rank; those without a value do not count."""
    assert quantile({40: 1, 10: 1, None: 9, 30: 1, 20: 1}, share) == value
    assert quantile({None: 9}, share) is None
