"""Logs as they come: what a map can say about them, so that nobody has to rewrite the log."""

from typing import Any

import orjson
import pytest

from tests.replay.scene import Scene, row_counts
from workflow.replay.refusal import ReplayRefused

TIME = 'time:\n  column: when\n  format: "%Y-%m-%d %H:%M"\n  zone: UTC\n'
ID = "id: [parcel, count]\n"


def faults(report: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(one["row"], one["field"], one["rule"]) for one in report["refusals"]["items"]]


def problems(scene: Scene, log: str) -> list[tuple[str, str]]:
    with pytest.raises(ReplayRefused) as refused:
        scene.play(log)
    return [(one.field, one.rule) for one in refused.value.problems]


def starts(scene: Scene) -> list[str]:
    """Instant and subject of each move that an event asked for."""
    return [" ".join(line.split()[:2]) for line in scene.story if " event " in line]


def test_the_part_of_an_id_that_counts_is_taken_by_a_pattern(scene: Scene) -> None:
    scene.replace("subject: parcel", 'subject: {column: parcel, pattern: "^Case ([0-9]+)$"}')
    report = scene.rows("Case 1,1,2026-03-02 10:00,sent,", "Casus 2,1,2026-03-02 10:00,sent,")
    assert starts(scene) == ["2026-03-02T10:00:00Z parcel:1"]
    assert faults(report) == [(2, "parcel", "pattern")]


@pytest.mark.parametrize(
    ("rule", "subject"),
    [("{columns: [parcel, count]}", "A/1"), ('{template: "{count}-of-{parcel}"}', "1-of-A")],
)
def test_an_id_of_several_columns(scene: Scene, rule: str, subject: str) -> None:
    scene.replace("subject: parcel", f"subject: {rule}")
    scene.rows("A,1,2026-03-02 10:00,sent,")
    assert starts(scene) == [f"2026-03-02T10:00:00Z parcel:{subject}"]


@pytest.mark.parametrize(("by", "duplicates"), [("content", 1), ("place", 0)])
def test_rows_without_an_id_are_known_by_what_they_say_or_where_they_stand(
    scene: Scene, by: str, duplicates: int
) -> None:
    scene.replace(ID, f"id: {{by: {by}}}\n")
    rows = ("A,1,2026-03-02 10:00,sent,", "A,1,2026-03-02 10:05,scanned,", "A,1,2026-03-02 10:05,scanned,")
    report = scene.rows(*rows)
    assert report["rows"]["duplicate"] == duplicates
    assert report["rows"]["applied"] == 3 - duplicates


def test_a_date_and_a_time_in_two_columns(scene: Scene) -> None:
    scene.replace("  column: when\n", "  columns: [day, hour]\n")
    scene.replace(ID, "id: {by: place}\n")
    scene.play("parcel,day,hour,what,grams\nA,2026-03-02,10:00,sent,5\nA,2026-03-02,,scanned,\n")
    assert starts(scene) == ["2026-03-02T10:00:00Z parcel:A"]


def test_each_row_in_its_own_zone(scene: Scene) -> None:
    scene.replace("  zone: UTC", "  zone: {column: where, values: {CET: Europe/Berlin}}")
    report = scene.play(
        "parcel,count,when,what,grams,where\n"
        "A,1,2026-07-01 10:00,sent,,CET\n"
        "B,1,2026-07-01 10:00,sent,,Asia/Kolkata\n"
        "C,1,2026-07-01 10:00,sent,,Atlantis\n"
    )
    assert starts(scene) == ["2026-07-01T04:30:00Z parcel:B", "2026-07-01T08:00:00Z parcel:A"]
    assert faults(report) == [(3, "when", "unknown-zone")]


def test_iso_8601_with_an_offset_or_without(scene: Scene) -> None:
    scene.replace('"%Y-%m-%d %H:%M"\n  zone: UTC', "iso8601\n  zone: Europe/Berlin")
    scene.rows("A,1,2026-07-01 10:00,sent,", "B,1,2026-07-01T10:00:00.5+05:30,sent,")
    assert starts(scene) == ["2026-07-01T04:30:00.500000Z parcel:B", "2026-07-01T08:00:00Z parcel:A"]


def test_a_local_time_without_a_zone_is_refused(scene: Scene) -> None:
    scene.replace('"%Y-%m-%d %H:%M"\n  zone: UTC', "iso8601")
    report = scene.rows("A,1,2026-07-01 10:00,sent,", "B,1,2026-07-01T10:00:00Z,sent,")
    assert faults(report) == [(1, "when", "no-zone")]


def test_of_several_forms_each_time_must_fit_one(scene: Scene) -> None:
    scene.replace('"%Y-%m-%d %H:%M"', '["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%Y-%m-%d"]')
    rows = (
        "A,1,03/04/2026 10:00,sent,",
        "B,1,13/04/2026 10:00,sent,",
        "C,1,04/13/2026 10:00,sent,",
        "D,1,05/05/2026 10:00,sent,",
        "E,1,2026-04-01,sent,",
        "F,1,soon,sent,",
    )
    report = scene.rows(*rows)
    assert faults(report) == [(1, "when", "two-forms"), (6, "when", "time-format")]
    assert report["rows"]["applied"] == 4  # that of D is the same day in both
    scene.replace("  zone: UTC", "  zone: UTC\n  two_forms: first")
    assert faults(scene.rows(*rows)) == [(6, "when", "time-format")]
    assert "2026-04-03T10:00:00Z parcel:A" in starts(scene)


TWO_EVENTS = """\
events:
  - {name: begun, time: {column: begun, format: "%Y-%m-%d %H:%M", zone: UTC}, triggers: [{trigger: send}]}
  - {name: ended, triggers: [{trigger: deliver, when: {what: delivered}}]}
"""


def test_two_events_of_one_row(scene: Scene) -> None:
    scene.map += TWO_EVENTS
    report = scene.play(
        "parcel,count,begun,when,what,grams\n"
        "A,1,2026-03-02 10:00,2026-03-02 10:30,delivered,5\n"
        "B,1,2026-03-02 10:10,,delivered,5\n"
        "C,1,2026-03-02 10:20,2026-03-02 10:40,lost,5\n"
        "D,1,,,,\n"
    )
    assert [line.split()[1] + " " + line.split()[3] for line in scene.story] == [
        "parcel:A send:",
        "parcel:B send:",
        "parcel:C send:",
        "parcel:A deliver:",
    ]
    assert faults(report) == [(3, "what", "no-trigger"), (4, "events", "no-event")]
    assert report["rows"] == row_counts(4, events=6, applied=4, refused=2)


def test_rows_that_the_map_leaves_out_are_counted(scene: Scene) -> None:
    scene.map += "leave_out: [{what: [noise, lost]}]\n"
    report = scene.rows("A,1,2026-03-02 10:00,sent,", "A,2,2026-03-02 10:00,noise,")
    assert report["rows"]["set_aside"] == report["set_aside"]["left_out"] == 1
    assert report["rows"]["refused"] == 0


@pytest.mark.parametrize(
    ("rule", "value", "weight"),
    [
        ("{column: grams, type: integer, values: {heavy: 9000}}", "heavy", 9000),
        ("{column: grams, type: integer, values: {heavy: 9000}}", "12", 12),
        ("{value: 7, type: integer}", "", 7),
    ],
)
def test_values_that_are_called_otherwise_and_constant_ones(
    scene: Scene, rule: str, value: str, weight: int
) -> None:
    scene.replace("{column: grams, type: integer}", rule)
    scene.replace("dest: sent, set", f"if: 'event.data.?weight.orValue(0) == {weight}', dest: sent, set",
                  within="lifecycle")  # fmt: skip
    report = scene.rows(f"A,1,2026-03-02 10:00,sent,{value}")
    assert report["rows"]["applied"] == 1, report["refusals"]


def test_values_that_are_not_foreseen_can_be_refused(scene: Scene) -> None:
    scene.replace("type: integer", "type: integer, values: {heavy: 9000}, others: refuse")
    assert faults(scene.rows("A,1,2026-03-02 10:00,sent,12")) == [(1, "data.weight", "unknown-value")]


def test_decimal_commas_semicolons_and_a_western_encoding(scene: Scene) -> None:
    scene.replace("data:\n", "log: {encoding: cp1252, delimiter: ';', decimal: ','}\ndata:\n")
    scene.replace("type: integer", "type: number")
    scene.replace("weight: {type: integer}", "weight: {type: number}", within="lifecycle")
    scene.replace("what: sent", "what: göschickt")
    report = scene.play(
        "parcel;count;when;what;grams\n"
        "A;1;2026-03-02 10:00;göschickt;1,5\n"
        "B;1;2026-03-02 10:00;göschickt;1.5\n".encode("cp1252")
    )
    assert faults(report) == [(2, "data.weight", "number")]
    assert report["rows"]["applied"] == 1


def test_columns_without_a_name_and_columns_that_stand_twice_are_in_nobodys_way(scene: Scene) -> None:
    report = scene.play("parcel,count,when,what,grams,note,note,,\nA,1,2026-03-02 10:00,sent,5,x,y,,\n")
    assert report["rows"]["applied"] == 1


def test_rows_that_differ_in_such_a_column_alone_are_two(scene: Scene) -> None:
    scene.replace(ID, "id: {by: content}\n")
    row = "A,1,2026-03-02 10:00,sent,5,x,{},\n"
    report = scene.play("parcel,count,when,what,grams,note,note,\n" + row.format("y") + row.format("z"))
    assert report["rows"]["duplicate"] == 0


def test_a_header_that_the_file_lacks_and_lines_above_it(scene: Scene) -> None:
    scene.replace("data:\n", "log: {skip: 1, header: [parcel, count, when, what, grams]}\ndata:\n")
    report = scene.play("exported today\nA,1,2026-03-02 10:00,sent,5\nA,2,2026-03-02 10:00,lost,5\n")
    assert (report["rows"]["applied"], report["refusals"]["items"][0]["line"]) == (1, 3)


BAD = [
    ("subject: parcel", 'subject: {column: parcel, pattern: "(a)(b)"}', ("subject.pattern", "pattern")),
    ("subject: parcel", 'subject: {column: parcel, pattern: "(?=a)(b)"}', ("subject.pattern", "pattern")),
    ("subject: parcel", "subject: {columns: [parcel], template: '{parcel}'}", ("subject", "one-of")),
    (ID, "id: {by: luck}\n", ("id.by", "choice")),
    ("  zone: UTC", "  zone: {column: where}", ("time.zone.column", "unknown-column")),
    ("  zone: UTC", "  zone: {column: what, values: {x: Nowhere}}", ("time.zone.values.x", "unknown-zone")),
    ('"%Y-%m-%d %H:%M"', '["%Y-%m-%d", "%H"]', ("time.format[1]", "time-format")),
    ("column: grams, type: integer", "value: heavy, type: integer", ("data.weight.value", "integer")),
    ("triggers:\n", "leave_out: [{}]\ntriggers:\n", ("leave_out", "empty")),
    ("triggers:\n", "lifecycle: box\ntriggers:\n", ("lifecycle", "unknown-lifecycle")),
    ("triggers:\n", "events: [{name: a}, {name: a}]\ntriggers:\n", ("events", "doubled-name")),
    (
        "triggers:\n",
        "events: [{name: a, triggers: [{trigger: fly}]}]\ntriggers:\n",
        ("events[0].triggers[0].trigger", "unknown-trigger"),
    ),
    (
        "triggers:\n",
        "events: [{name: a, time: {column: begun, format: rfc3339}}]\ntriggers:\n",
        ("events[0].time.column", "unknown-column"),
    ),
]


@pytest.mark.parametrize(("what", "by", "problem"), BAD, ids=[f"{one[2][0]}-{one[2][1]}" for one in BAD])
def test_what_is_wrong_with_such_a_map_is_named(
    scene: Scene, what: str, by: str, problem: tuple[str, str]
) -> None:
    scene.replace(what, by)
    assert problems(scene, "parcel,count,when,what,grams\nA,1,2026-03-02 10:00,sent,5\n") == [problem]


def test_a_column_that_no_row_of_json_has_is_said(scene: Scene) -> None:
    scene.map += "leave_out: [{mood: bad}]\n"
    row = orjson.dumps({"parcel": "A", "count": 1, "when": "2026-03-02 10:00", "what": "sent"}).decode()
    report = scene.play(f"{row}\n", name="log.jsonl")
    assert report["never_seen"] == [
        {"field": "data.weight.column", "column": "grams"},
        {"field": "leave_out[0]", "column": "mood"},
    ]


def test_a_number_of_json_is_read_by_its_digits_where_a_text_is_asked_for(scene: Scene) -> None:
    scene.replace('format: "%Y-%m-%d %H:%M"', 'format: "%Y%m%d%H%M"')
    scene.replace("{column: grams, type: integer}", '{column: grams, type: integer, pattern: "^([0-9]+)00$"}')
    row = {"parcel": 7, "count": 1, "when": 202603021000, "what": "sent", "grams": 1200}
    report = scene.play(f"{orjson.dumps(row).decode()}\n", name="log.jsonl")
    assert report["time"]["first_event"] == "2026-03-02T10:00:00Z"
    assert (report["rows"]["applied"], report["rows"]["refused"]) == (1, 0)
