"""Durations: the one fixed-length part of ISO 8601, and nothing more generous."""

import pickle
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state_machines.values.durations import DurationError, format_duration, is_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT0S", 0),
        ("PT15M", 900),
        ("PT90M", 5400),
        ("PT4H", 14_400),
        ("P1D", 86_400),
        ("P2W", 14 * 86_400),
        ("P1W2D", 9 * 86_400),
        ("P1DT12H", 129_600),
        ("P1DT2H3M4S", 93_784),
        ("PT0.5S", 0.5),
        ("PT1,25S", 1.25),
        ("PT0.000001S", 0.000001),
        ("P0D", 0),
        ("PT36H", 129_600),
    ],
)
def test_reads(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)
    assert is_duration(text)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("P1M", "duration-fixed-length"),
        ("P1Y", "duration-fixed-length"),
        ("P1Y2M3DT4H", "duration-fixed-length"),
        ("P1DT1M1M", "duration-form"),
        ("-PT1H", "duration-sign"),
        ("+PT1H", "duration-sign"),
        ("PT-1H", "duration-sign"),
        ("", "duration-form"),
        ("P", "duration-form"),
        ("PT", "duration-form"),
        ("P1DT", "duration-form"),
        ("P1H", "duration-form"),
        ("PT1D", "duration-form"),
        ("PT1M1H", "duration-form"),
        ("PT1.5H", "duration-form"),
        ("P0.5D", "duration-form"),
        ("pt1h", "duration-form"),
        (" PT1H", "duration-form"),
        ("PT1H\n", "duration-form"),
        ("PT\u0661H", "duration-form"),
        ("PT1.S", "duration-form"),
        ("4h", "duration-form"),
        ("3600", "duration-form"),
        ("PT0.0000001S", "duration-precision"),
        ("P1000000000D", "duration-length"),
        ("PT" + "9" * 5000 + "S", "duration-length"),
        (3600, "duration-form"),
        (None, "duration-form"),
    ],
)
def test_refuses(text: str, rule: str) -> None:
    with pytest.raises(DurationError) as caught:
        parse_duration(text)
    assert caught.value.rule == rule
    assert isinstance(caught.value, ValueError)
    assert not is_duration(text)


def test_the_refusal_of_a_month_says_what_to_write() -> None:
    with pytest.raises(DurationError, match=r"'P1M' counts years or months.*P30D"):
        parse_duration("P1M")


def test_an_error_survives_the_way_to_another_process() -> None:
    with pytest.raises(DurationError) as caught:
        parse_duration("P1M")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.rule, str(again)) == (caught.value.rule, str(caught.value))


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(0), "PT0S"),
        (timedelta(weeks=1), "P7D"),
        (timedelta(days=1, hours=2, minutes=3, seconds=4), "P1DT2H3M4S"),
        (timedelta(minutes=90), "PT1H30M"),
        (timedelta(milliseconds=500), "PT0.5S"),
        (timedelta(days=2, microseconds=1), "P2DT0.000001S"),
    ],
)
def test_writes(duration: timedelta, text: str) -> None:
    assert format_duration(duration) == text


def test_does_not_write_a_negative_duration() -> None:
    with pytest.raises(DurationError, match="negative"):
        format_duration(timedelta(seconds=-1))


@settings(deadline=None)
@given(st.timedeltas(min_value=timedelta(0)))
def test_what_is_written_reads_the_same(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration


@settings(deadline=None)
@given(st.text(alphabet="PTWDHMSY0123456789.,-+ ", max_size=12))
def test_any_text_is_either_read_or_refused_by_name(text: str) -> None:
    if is_duration(text):
        assert parse_duration(text) >= timedelta(0)
    else:
        with pytest.raises(DurationError):
            parse_duration(text)
