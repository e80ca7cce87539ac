"""Instants: read strictly, written in one way, and never guessed from a local time."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state_machines.values.instants import (
    AmbiguousLocalTime,
    InstantError,
    NonexistentLocalTime,
    UnknownZone,
    as_utc,
    format_instant,
    localize,
    parse_instant,
    shifted,
    zone,
)

Policy = Literal["earlier", "later", "refuse"]
POLICIES: tuple[Policy, ...] = ("earlier", "later", "refuse")
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-07-01T12:00:00Z", NOON),
        ("2026-07-01t12:00:00z", NOON),
        ("2026-07-01 12:00:00Z", NOON),
        ("2026-07-01T14:00:00+02:00", NOON),
        ("2026-07-01T17:30:00+05:30", NOON),
        ("2026-07-01T12:00:00-00:00", NOON),
        ("2026-06-30T23:00:00-13:00", NOON),
        ("2026-07-01T12:00:00.5Z", NOON + timedelta(milliseconds=500)),
        ("2026-07-01T12:00:00.123456789Z", NOON + timedelta(microseconds=123_456)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_reads_in_utc(text: str, instant: datetime) -> None:
    parsed = parse_instant(text)
    assert parsed == instant
    assert parsed.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2026-07-01T12:00:00", "no-zone"),
        ("2026-07-01T12:00", "no-zone"),
        ("2026-07-01 12:00:00.25", "no-zone"),
        ("2026-07-01", "no-zone"),
        ("2026-02-30T12:00:00Z", "instant-exists"),
        ("2025-02-29T12:00:00Z", "instant-exists"),
        ("2026-13-01T12:00:00Z", "instant-exists"),
        ("2026-07-01T25:00:00Z", "instant-exists"),
        ("2026-07-01T24:00:00Z", "instant-exists"),
        ("2026-07-01T12:60:00Z", "instant-exists"),
        ("2016-12-31T23:59:60Z", "instant-exists"),
        ("2026-07-01T12:00:00+24:00", "instant-exists"),
        ("0000-01-01T00:00:00Z", "instant-exists"),
        ("0001-01-01T00:00:00+14:00", "instant-exists"),
        ("9999-12-31T23:59:59-01:00", "instant-exists"),
        ("2026-07-01T12:00Z", "instant-form"),
        ("20260701T120000Z", "instant-form"),
        ("2026-W27-3T12:00:00Z", "instant-form"),
        ("2026-07-01T12:00:00 Z", "instant-form"),
        ("2026-07-01T12:00:00,5Z", "instant-form"),
        ("2026-07-01T12:00:00+0200", "instant-form"),
        ("2026-07-01T12:00:00 Europe/Berlin", "instant-form"),
        ("2026-07-01T12:00:00Z\n", "instant-form"),
        ("\u0662026-07-01T12:00:00Z", "instant-form"),
        ("01.07.2026 12:00", "instant-form"),
        ("tomorrow", "instant-form"),
        ("", "instant-form"),
        ("x" * 100_000, "instant-form"),
        (1_782_907_200, "instant-form"),
        (None, "instant-form"),
    ],
)
def test_refuses(text: str, rule: str) -> None:
    with pytest.raises(InstantError) as caught:
        parse_instant(text)
    assert caught.value.rule == rule
    assert len(str(caught.value)) < 300


def test_writes_utc_and_microseconds_only_where_there_are_any() -> None:
    assert format_instant(NOON.astimezone(timezone(timedelta(hours=5)))) == "2026-07-01T12:00:00Z"
    assert format_instant(NOON + timedelta(microseconds=20)) == "2026-07-01T12:00:00.000020Z"


@settings(deadline=None)
@given(st.datetimes(timezones=st.timezones()).filter(lambda at: 2 < at.year < 9998))
def test_what_is_written_reads_the_same(instant: datetime) -> None:
    assert parse_instant(format_instant(instant)) == instant.astimezone(UTC)


def test_a_naive_datetime_is_no_instant() -> None:
    naive = datetime(2026, 7, 1)  # noqa: DTZ001  a datetime without a zone is the point
    for ask in (as_utc, format_instant):
        with pytest.raises(InstantError, match="no time zone"):
            ask(naive)


def test_the_ends_of_time_are_errors_of_ours() -> None:
    with pytest.raises(InstantError, match="years 1 to 9999"):
        shifted(NOON, timedelta(days=4_000_000))
    with pytest.raises(InstantError, match="years 1 to 9999"):
        as_utc(datetime.min.replace(tzinfo=timezone(timedelta(hours=1))))


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "UTC", "Etc/GMT+5", "America/Argentina/Ushuaia", "Asia/Kolkata"]
)
def test_knows_zones(name: str) -> None:
    assert zone(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "Europe",
            "Europe/Berlim",
            "CEST+1",
            "../etc/passwd",
            "/etc/localtime",
            "localtime",
            "posixrules",
        ),
        *("right/UTC", "posix/UTC", "zone.tab", "Europe/Berlin\0", "x" * 300, "\u00fc", " UTC", "+02:00"),
        *(None, 1, ["UTC"]),
    ],
)
def test_unknown_zones_are_named(name: str) -> None:
    with pytest.raises(UnknownZone) as caught:
        zone(name)
    assert repr(name) in str(caught.value)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("wall", "name", "utc"),
    [
        ("2026-03-29T01:59:59", "Europe/Berlin", "2026-03-29T00:59:59Z"),
        ("2026-03-29T03:00", "Europe/Berlin", "2026-03-29T01:00:00Z"),
        ("2026-10-25T03:00", "Europe/Berlin", "2026-10-25T02:00:00Z"),
        ("2026-07-01T12:00", "Asia/Kolkata", "2026-07-01T06:30:00Z"),
        ("2026-10-04T02:30", "Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
        ("2011-12-31T00:00", "Pacific/Apia", "2011-12-30T10:00:00Z"),
    ],
)
def test_a_local_time_that_exists_once(wall: str, name: str, utc: str) -> None:
    assert format_instant(localize(local(wall), name)) == utc
    assert localize(local(wall), zone(name), "later") == parse_instant(utc)


@pytest.mark.parametrize(
    ("wall", "name"),
    [
        ("2026-03-29T02:00", "Europe/Berlin"),
        ("2026-03-29T02:59:59.999999", "Europe/Berlin"),
        ("2026-03-08T02:30", "America/New_York"),
        ("2026-10-04T02:15", "Australia/Lord_Howe"),
        ("2018-11-04T00:30", "America/Sao_Paulo"),
        ("2011-12-30T12:00", "Pacific/Apia"),
    ],
)
@pytest.mark.parametrize("policy", POLICIES)
def test_a_local_time_that_the_clocks_skip(wall: str, name: str, policy: Policy) -> None:
    with pytest.raises(NonexistentLocalTime) as caught:
        localize(local(wall), name, policy)
    assert name in str(caught.value) and local(wall).isoformat() in str(caught.value)


@pytest.mark.parametrize(
    ("wall", "name", "earlier", "later"),
    [
        ("2026-10-25T02:00", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"),
        ("2026-10-25T02:59", "Europe/Berlin", "2026-10-25T00:59:00Z", "2026-10-25T01:59:00Z"),
        ("2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z"),
        ("2010-11-06T23:30", "America/St_Johns", "2010-11-07T02:00:00Z", "2010-11-07T03:00:00Z"),
    ],
)
def test_a_local_time_that_the_clocks_show_twice(wall: str, name: str, earlier: str, later: str) -> None:
    with pytest.raises(AmbiguousLocalTime, match=name):
        localize(local(wall), name)
    assert format_instant(localize(local(wall), name, "earlier")) == earlier
    assert format_instant(localize(local(wall), name, "later")) == later


def test_localize_wants_a_time_without_a_zone_and_a_zone_that_exists() -> None:
    with pytest.raises(InstantError, match="has a zone already"):
        localize(NOON, "UTC")
    with pytest.raises(UnknownZone):
        localize(local("2026-07-01T12:00"), "Mars/Olympus")


@settings(deadline=None)
@given(
    st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2037, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(
        ["Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kolkata", "Pacific/Apia"]
    ),
)
def test_every_instant_is_found_from_what_the_clocks_show(instant: datetime, name: str) -> None:
    wall = instant.astimezone(zone(name))
    policy: Policy = "later" if wall.fold else "earlier"
    assert localize(wall.replace(tzinfo=None, fold=0), name, policy) == instant
