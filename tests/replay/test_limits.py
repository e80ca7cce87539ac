"""How far the clock goes: one slip in a log does not drive it for a century, and nobody is left to guess."""

from datetime import UTC, datetime

import pytest

from tests.replay.scene import Scene
from workflow.replay.refusal import ReplayRefused

ROWS = [f"P{n},1,2026-03-{n:02} 10:00,sent," for n in range(1, 21)]


def test_a_row_of_another_century_is_set_aside_and_said(scene: Scene) -> None:
    report = scene.rows(*ROWS, "X,1,2112-03-02 10:00,sent,")
    assert report["set_aside"]["outliers"] == [
        {"row": 21, "line": 22, "subject": "parcel:X", "at": "2112-03-02T10:00:00Z"}
    ]
    assert report["rows"]["set_aside"] == 1
    assert report["time"]["until"] == "2026-03-20T10:00:00Z"


def test_so_is_one_of_the_year_1970(scene: Scene) -> None:
    report = scene.rows(*ROWS, "X,1,1970-01-01 00:00,sent,")
    assert [one["row"] for one in report["set_aside"]["outliers"]] == [21]
    assert report["time"]["first_event"] == "2026-03-01T10:00:00Z"


def test_who_wants_them_says_so(scene: Scene) -> None:
    rows = [*ROWS, "X,1,2112-03-02 10:00,sent,"]
    assert scene.rows(*rows, keep_outliers=True)["time"]["until"] == "2112-03-02T10:00:00Z"
    assert scene.rows(*rows, until="2113-01-01T00:00:00Z")["rows"]["set_aside"] == 0


def test_a_log_of_few_rows_has_no_outliers(scene: Scene) -> None:
    report = scene.rows("A,1,2026-03-02 10:00,sent,", "A,2,2031-03-02 10:00,scanned,")
    assert report["rows"]["set_aside"] == 0


def test_a_log_that_thins_out_within_its_length_has_none(scene: Scene) -> None:
    report = scene.rows(*ROWS, "A,2,2027-03-02 10:00,sent,")
    assert report["rows"]["set_aside"] == 0


def test_rows_after_until_are_counted_and_not_applied(scene: Scene) -> None:
    report = scene.rows(*ROWS, until="2026-03-10T10:00:00Z")
    assert report["set_aside"]["after_until"] == 10
    assert report["rows"]["applied"] == 10  # the one at the very instant is
    assert report["time"]["until"] == "2026-03-10T10:00:00Z"
    assert all(line < "2026-03-10T10:00:01" for line in scene.story)


@pytest.mark.parametrize("until", ["2026-03-01T00:00:00Z"])
def test_until_may_be_before_the_first_row(scene: Scene, until: str) -> None:
    report = scene.rows(*ROWS, until=until)
    assert (report["rows"]["applied"], report["set_aside"]["after_until"]) == (0, 20)


def test_who_writes_never_as_the_end_of_all_years_does_not_send_the_clock_there(scene: Scene) -> None:
    never = [f"X{n},1,9999-12-31 23:59,sent," for n in range(5)]
    report = scene.rows(*ROWS, *never)
    assert [(one["rule"], one["rows"]) for one in report["refusals"]["reasons"]] == [("instant-range", 5)]
    assert "null_values" in report["refusals"]["reasons"][0]["message"]
    assert report["time"]["until"] == "2026-03-20T10:00:00Z"


@pytest.mark.parametrize("until", ["9999-12-31T23:59:59Z", "P2912151D"])
def test_nor_does_whoever_asks(scene: Scene, until: str) -> None:
    with pytest.raises(ReplayRefused, match="is later than the clock goes"):
        scene.rows(*ROWS, until=until)


def test_the_watcher_hears_the_virtual_date(scene: Scene) -> None:
    from workflow.replay.session import replay
    from workflow.replay.watcher import Nobody

    class Dates(Nobody):
        heard: list[datetime] = []  # noqa: RUF012

        def at(self, instant: datetime) -> None:
            self.heard.append(instant)

    replay(scene.request("parcel,count,when,what,grams\nA,1,2026-03-02 10:00,sent,\n", until="P1D"), Dates())
    assert Dates.heard == [datetime(2026, 3, 2, 10, tzinfo=UTC), datetime(2026, 3, 2, 12, tzinfo=UTC)]
