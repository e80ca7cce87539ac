"""Timers between two events fire in between, at their own instant; events of an instant come before them."""

import pytest

from tests.replay.scene import Scene
from workflow.replay import runner
from workflow.replay.refusal import ReplayRefused


def test_a_timer_fires_between_two_events_at_its_own_instant(scene: Scene) -> None:
    scene.rows("A,1,2026-03-02 10:00,sent,", "A,2,2026-03-02 15:00,delivered,")
    assert scene.story == [
        "2026-03-02T10:00:00Z parcel:A event send: initial -> sent",
        "2026-03-02T12:00:00Z parcel:A timer overdue: sent -> late",
        "2026-03-02T15:00:00Z parcel:A event deliver: late -> delivered",
    ]


def test_moves_have_these_fields_in_this_order(scene: Scene) -> None:
    scene.rows("A,1,2026-03-02 10:00,sent,")
    assert scene.moves == (
        b'{"subject":"parcel:A","trigger":"send","cause":"event","from":"initial","to":"sent",'
        b'"at":"2026-03-02T10:00:00Z"}\n'
    )


def test_an_event_at_the_very_instant_of_the_deadline_comes_before_it(scene: Scene) -> None:
    scene.rows("A,1,2026-03-02 10:00,sent,", "A,2,2026-03-02 12:00,delivered,")
    assert scene.story[-1] == "2026-03-02T12:00:00Z parcel:A event deliver: sent -> delivered"
    assert len(scene.story) == 2


def test_an_event_a_minute_after_the_deadline_comes_after_it(scene: Scene) -> None:
    scene.rows("A,1,2026-03-02 10:00,sent,", "A,2,2026-03-02 12:01,delivered,")
    assert "timer overdue" in scene.story[1]


def test_an_event_of_another_subject_does_not_hold_a_timer_up(scene: Scene) -> None:
    scene.rows("A,1,2026-03-02 10:00,sent,", "B,1,2026-03-02 12:00,sent,")
    assert [line for line in scene.story if "timer" in line] == [
        "2026-03-02T12:00:00Z parcel:A timer overdue: sent -> late"
    ]


@pytest.mark.parametrize(
    ("until", "timers", "end"),
    [
        (None, 0, "2026-03-02T10:00:00Z"),
        ("PT1H59M", 0, "2026-03-02T11:59:00Z"),
        ("PT2H", 1, "2026-03-02T12:00:00Z"),
        ("2026-03-02T13:00:00+01:00", 1, "2026-03-02T12:00:00Z"),
        ("P30D", 1, "2026-04-01T10:00:00Z"),
    ],
)
def test_the_clock_runs_on_until(scene: Scene, until: str | None, timers: int, end: str) -> None:
    report = scene.rows("A,1,2026-03-02 10:00,sent,", until=until)
    assert report["moves"]["by_cause"] == {"event": 1, "timer": timers}
    assert report["time"]["until"] == end
    assert report["at_the_end"]["timers_pending"] == 1 - timers
    assert report["at_the_end"]["next_timer_due"] == (None if timers else "2026-03-02T12:00:00Z")


def test_a_timer_that_repeats_fires_at_every_tick(scene: Scene) -> None:
    scene.replace("after: PT2H, on_timeout: overdue", "every: PT40M, on_timeout: scan", within="lifecycle")
    scene.replace(
        "  - {trigger: overdue, source: [sent, seen], dest: late}\n",
        "  - {trigger: overdue, source: sent}\n",
        within="lifecycle",
    )
    scene.rows("A,1,2026-03-02 10:00,sent,", "A,2,2026-03-02 12:00,delivered,")
    assert scene.story == [
        "2026-03-02T10:00:00Z parcel:A event send: initial -> sent",
        "2026-03-02T10:40:00Z parcel:A timer scan: sent -> seen",
        "2026-03-02T11:20:00Z parcel:A timer scan: seen -> seen",
        "2026-03-02T12:00:00Z parcel:A event deliver: seen -> delivered",
    ]


def test_what_a_timer_sends_arrives_at_the_same_instant(scene: Scene) -> None:
    scene.replace(
        "dest: late}",
        "dest: late, effects: [{emit: {to: \"='parcel:twin-of-' + subject.id\", trigger: send}}]}",
        within="lifecycle",
    )
    scene.rows("A,1,2026-03-02 10:00,sent,", until="PT3H")
    assert scene.story[1:] == [
        "2026-03-02T12:00:00Z parcel:A timer overdue: sent -> late",
        "2026-03-02T12:00:00Z parcel:twin-of-A event send: initial -> sent",
    ]


def test_a_definition_that_never_comes_to_rest_is_named_and_leaves_no_files(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "MAX_BATCHES", 50)
    scene.replace("after: PT2H, on_timeout: overdue", "after: PT0S, on_timeout: scan", within="lifecycle")
    for scan in ("{trigger: scan, source: sent, dest: seen", "{trigger: scan, source: [seen, late]"):
        scene.replace(scan, f"{scan}, restart: delivery", within="lifecycle")
    request = scene.request("parcel,count,when,what,grams\nA,1,2026-03-02 10:00,sent,\n")
    with pytest.raises(ReplayRefused) as refused:
        scene.play(request.log.read_bytes())
    assert [(one.field, one.rule) for one in refused.value.problems] == [("lifecycle", "no-rest")]
    assert not request.moves.exists()
    assert not request.report.exists()
