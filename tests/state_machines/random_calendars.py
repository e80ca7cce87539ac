"""Random calendars and places in time where the clocks and the dates do what one forgets."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

PLACES = (
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("Europe/Berlin", "2026-12-24"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("America/New_York", "2026-07-04"),
    ("Asia/Kolkata", "2026-01-26"),
    ("Asia/Kathmandu", "2026-05-01"),
    ("Australia/Lord_Howe", "2026-04-05"),  # half an hour back
    ("Australia/Lord_Howe", "2026-10-04"),  # half an hour forward
    ("America/St_Johns", "2026-03-08"),
    ("America/St_Johns", "2010-11-07"),  # 00:01 back to 23:01: the date before comes again
    ("America/St_Johns", "2011-03-13"),  # 00:01 forward
    ("America/Havana", "2025-11-02"),  # 01:00 back to midnight
    ("America/Sao_Paulo", "2018-02-18"),  # midnight back to 23:00 of the date before
    ("America/Sao_Paulo", "2018-11-04"),  # no midnight
    ("America/Santiago", "2026-09-06"),
    ("Africa/Cairo", "2026-04-24"),
    ("Africa/Casablanca", "2026-02-15"),
    ("Antarctica/Troll", "2026-03-29"),  # two hours
    ("Asia/Pyongyang", "2018-05-05"),  # a new standard time
    ("Pacific/Apia", "2011-12-30"),  # a date that does not exist
    ("Pacific/Chatham", "2026-04-05"),
    ("UTC", "2026-02-28"),
)
COUNTRIES = (
    ("DE", "BE"),
    ("DE", None),
    ("US", "NY"),
    ("IN", None),
    ("AU", "NSW"),
    ("CA", "NL"),
    ("BR", None),
)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Place:
    """A zone, a calendar's source (None: always open) and the UTC minute at which the horizon begins."""

    zone: str
    source: dict[str, Any] | None
    first: datetime


def random_place(random: Random) -> Place:
    """A place whose horizon, of some ten days, holds its special date."""
    zone, around = random.choice(PLACES)
    special = date.fromisoformat(around)
    first = datetime(special.year, special.month, special.day, tzinfo=UTC) - timedelta(
        days=random.randint(2, 7), minutes=random.randint(0, 1439)
    )
    if random.random() < 0.04:
        return Place(zone, None, first)
    return Place(zone, _source(random, special), first)


def _source(random: Random, special: date) -> dict[str, Any]:
    night = random.choice((0, 0, 240, 420, 600))  # blocks may run over midnight until then
    step = random.choice((1, 5, 15, 30, 60))
    weekly = {day: _blocks(random, night, step) for day in DAYS if random.random() < 0.85}
    if not any(weekly.values()):
        weekly["wed"] = ["08:00-16:30"]
    source: dict[str, Any] = {"weekly": weekly}
    near = [special + timedelta(days=days) for days in range(-6, 7)]
    if random.random() < 0.5:
        country, subdivision = random.choice(COUNTRIES)
        source["holidays"] = {"country": country} | ({"subdivision": subdivision} if subdivision else {})
    if random.random() < 0.4:
        source["closed"] = random.sample(near, random.randint(1, 4))
    if random.random() < 0.4:
        source["open"] = {day: _blocks(random, 0, step) for day in random.sample(near, random.randint(1, 3))}
    return source


def _blocks(random: Random, night: int, step: int) -> list[str]:
    """Up to three blocks from minute `night` on, the last perhaps over midnight to `night` at most."""
    if night == 0 and random.random() < 0.08:
        return ["00:00-24:00"]
    grid = range(night, 1441, step)
    edges = sorted(random.sample(grid, min(2 * random.choice((0, 1, 1, 2, 2, 3)), len(grid) // 2 * 2)))
    blocks = list(zip(edges[::2], edges[1::2], strict=True))
    if blocks and night and random.random() < 0.5:
        blocks[-1] = (min(blocks[-1][0], 1439), random.randint(0, night))
    return [f"{_text(first)}-{_text(last)}" for first, last in blocks]


def _text(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
