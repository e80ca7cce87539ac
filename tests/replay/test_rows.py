"""Every row is accounted for: applied, a duplicate, or refused with a field and a rule."""

import orjson
import pytest

from tests.replay.scene import HEADER, Scene, row_counts


def refusals(report: dict[str, object]) -> list[tuple[int, str, str]]:
    items = report["refusals"]["items"]  # type: ignore[index]
    return [(one["row"], one["field"], one["rule"]) for one in items]


def test_rows_are_applied_in_order_of_time_not_of_the_file(scene: Scene) -> None:
    report = scene.rows(
        "B,1,2026-03-02 11:00,sent,",
        "A,2,2026-03-02 10:30,scanned,",
        "A,1,2026-03-02 10:00,sent,",
    )
    assert [line.split(": ")[0].split(" ", 1)[1] for line in scene.story] == [
        "parcel:A event send",
        "parcel:A event scan",
        "parcel:B event send",
    ]
    assert report["rows"] == row_counts(3, applied=3)
    assert report["order"]["jumps_back_in_the_file"] == 2
    assert report["order"]["backwards"] == [
        {
            "subject": "parcel:A", "row": 3, "at": "2026-03-02T10:00:00Z",
            "previous_row": 2, "previous_at": "2026-03-02T10:30:00Z",
        }
    ]  # fmt: skip


def test_rows_of_one_instant_keep_the_order_of_the_file(scene: Scene) -> None:
    report = scene.rows(
        "A,1,2026-03-02 10:00,sent,", "A,2,2026-03-02 10:00,scanned,", "A,3,2026-03-02 10:00,delivered,"
    )
    assert [line.split(": ")[1] for line in scene.story] == [
        "initial -> sent",
        "sent -> seen",
        "seen -> delivered",
    ]
    assert report["order"]["subjects_that_share_an_instant"] == 1
    assert report["order"]["rows_that_share_an_instant"] == 3


def test_a_repeated_row_is_a_duplicate(scene: Scene) -> None:
    report = scene.rows(
        "A,1,2026-03-02 10:00,sent,5", "A,1,2026-03-02 10:00,sent,5", "A,1,2026-03-02 10:05,scanned,5"
    )
    assert report["rows"] == row_counts(3, applied=1, duplicate=2)
    assert [(one["row"], one["first_row"], one["identical"]) for one in report["duplicates"]] == [
        (2, 1, True),
        (3, 1, False),
    ]


def test_a_refused_row_does_not_make_the_next_one_of_its_id_a_duplicate(scene: Scene) -> None:
    report = scene.rows("A,1,2026-03-02 10:00,sent,heavy", "A,1,2026-03-02 10:00,sent,5")
    assert report["rows"] == row_counts(2, applied=1, refused=1)


def test_an_event_that_cannot_apply_now_is_refused_with_the_reason(scene: Scene) -> None:
    report = scene.rows("A,1,2026-03-02 10:00,scanned,", "A,2,2026-03-02 10:01,sent,")
    assert report["rows"] == row_counts(2, applied=1, refused=1)
    [refused] = report["refusals"]["items"]
    assert (refused["row"], refused["line"], refused["subject"]) == (1, 2, "parcel:A")
    assert refused["field"] == "trigger"
    assert "scan" in refused["message"]
    assert len(scene.story) == 1


@pytest.mark.parametrize(
    ("row", "field", "rule"),
    [
        ("A,1,2026-03-02 10:00,sent", "row", "ragged-row"),
        ("A,1,2026-03-02 10:00,sent,5,6", "row", "ragged-row"),
        ("A,1,02.03.2026,sent,", "when", "time-format"),
        ("A,1,2026-02-30 10:00,sent,", "when", "time-format"),
        ("A,1,?,sent,", "when", "time-format"),
        (",1,2026-03-02 10:00,sent,", "parcel", "missing-subject"),
        ("A B,1,2026-03-02 10:00,sent,", "subject", "form"),
        ("A,,2026-03-02 10:00,sent,", "count", "missing-id"),
        ("A,1,2026-03-02 10:00,lost,", "what", "no-trigger"),
        ("A,1,2026-03-02 10:00,sent,heavy", "data.weight", "integer"),
        ("A,1,2026-03-02 10:00,sent,1_000", "data.weight", "integer"),
        ("A,1,2026-03-02 10:00,sent,99999999999999999999", "data.weight", "integer"),
    ],
)
def test_a_bad_row_is_refused_and_the_others_go_on(scene: Scene, row: str, field: str, rule: str) -> None:
    report = scene.rows("Z,1,2026-03-02 09:00,sent,", row, "Z,2,2026-03-02 11:00,scanned,")
    assert refusals(report) == [(2, field, rule)]
    assert report["refusals"]["by_rule"] == {rule: 1}
    assert report["rows"]["applied"] == 2
    assert {line.split()[1] for line in scene.story} == {"parcel:Z"}


@pytest.mark.parametrize(
    ("local", "rule"),
    [("2026-03-29 02:30", "nonexistent-local-time"), ("2026-10-25 02:30", "ambiguous-local-time")],
)
def test_a_local_time_that_the_clocks_skip_or_show_twice_is_refused(
    scene: Scene, local: str, rule: str
) -> None:
    scene.replace("zone: UTC", "zone: Europe/Berlin")
    assert refusals(scene.rows(f"A,1,{local},sent,")) == [(1, "when", rule)]


@pytest.mark.parametrize(("policy", "hour"), [("earlier", "00"), ("later", "01")])
def test_the_map_says_which_of_two_equal_local_times_is_meant(scene: Scene, policy: str, hour: str) -> None:
    scene.replace("zone: UTC", f"zone: Europe/Berlin\n  ambiguous: {policy}")
    scene.rows("A,1,2026-10-25 02:30,sent,")
    assert scene.story == [f"2026-10-25T{hour}:30:00Z parcel:A event send: initial -> sent"]


def test_the_first_row_of_a_subject_opens_it(scene: Scene) -> None:
    scene.map += "opening: send\n"
    scene.rows(
        "A,2,2026-03-02 10:05,scanned,", "A,1,2026-03-02 10:00,scanned,", "A,3,2026-03-02 10:09,delivered,"
    )
    assert [line.split()[3] for line in scene.story] == ["send:", "scan:", "deliver:"]


def test_a_refused_first_row_leaves_the_opening_to_the_next(scene: Scene) -> None:
    scene.map += "opening: send\n"
    report = scene.rows("A,1,2026-03-02 10:00,scanned,heavy", "A,2,2026-03-02 10:05,scanned,")
    assert [line.split()[3] for line in scene.story] == ["send:"]
    assert report["rows"]["refused"] == 1


def test_json_lines(scene: Scene) -> None:
    scene.replace('format: "%Y-%m-%d %H:%M"\n  zone: UTC', "format: unix_ms")
    rows = [
        {
            "parcel": 7,
            "count": 1,
            "when": 1772445600000,
            "what": "sent",
            "grams": 12,
            "note": {"any": ["thing"]},
        },
        {"parcel": "7", "count": 2, "when": 1772445660000, "what": "seen"},
        {"parcel": 7, "count": 3, "when": "later", "what": "seen"},
        {"parcel": 7, "count": 4, "when": 1772445660000, "what": "seen", "grams": 1.5},
        {"count": 5, "when": 1772445660000, "what": "seen"},
        {"parcel": [7], "count": 6, "when": 1772445660000, "what": "seen"},
    ]
    lines = [orjson.dumps(row).decode() for row in rows] + ["{not json", "[1, 2]", ""]
    report = scene.play("\n".join(lines), name="log.jsonl")
    assert scene.story == [
        "2026-03-02T10:00:00Z parcel:7 event send: initial -> sent",
        "2026-03-02T10:01:00Z parcel:7 event scan: sent -> seen",
    ]
    assert refusals(report) == [
        (3, "when", "time-format"),
        (4, "data.weight", "integer"),
        (5, "parcel", "missing-subject"),
        (6, "parcel", "type"),
        (7, "row", "json-form"),
        (8, "row", "json-object"),
    ]


def test_a_line_of_json_is_read_as_strictly_as_an_event(scene: Scene) -> None:
    scene.replace('format: "%Y-%m-%d %H:%M"\n  zone: UTC', "format: unix_ms")
    row = '{"parcel": 7, "count": 1, "when": 1772445600000, "what": "sent"%s}'
    lines = [
        row % ', "grams": 123456789012345678901234567890',
        row % ', "count": 2',
        row % ', "note": "\\ud800"',
    ]
    report = scene.play("\n".join(lines), name="log.jsonl")
    assert scene.story == []
    assert [(line, rule) for line, _, rule in refusals(report)] == [
        (1, "integer-range"),
        (2, "doubled-member"),
        (3, "json-form"),
    ]


def test_another_encoding_and_delimiter(scene: Scene) -> None:
    scene.map += "log: {encoding: cp1252, delimiter: ;}\n"
    scene.replace("what: sent", "what: übergeben")
    scene.play((HEADER + "A,1,2026-03-02 10:00,übergeben,\n").replace(",", ";").encode("cp1252"))
    assert len(scene.story) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "u8"])
def test_a_byte_order_mark_and_blank_lines_are_no_rows(scene: Scene, encoding: str) -> None:
    scene.map += f"log: {{encoding: {encoding}}}\n"
    report = scene.play(b"\xef\xbb\xbf" + HEADER.encode() + b"\r\n\r\nA,1,2026-03-02 10:00,sent,\r\n\r\n")
    assert report["rows"]["total"] == 1
    assert len(scene.story) == 1


def test_unquoted_truth_values_of_the_map_stand_for_their_text(scene: Scene) -> None:
    scene.replace("{what: sent}", "{what: TRUE}")
    scene.replace("weight: {column: grams, type: integer}", "express: {column: what, type: boolean}")
    assert scene.rows("A,1,2026-03-02 10:00,TRUE,")["rows"]["applied"] == 1


def test_a_log_whose_rows_are_all_refused_still_has_a_report(scene: Scene) -> None:
    report = scene.rows("A,1,never,sent,")
    assert report["rows"] == row_counts(1, refused=1)
    assert report["time"] == {"first_event": None, "last_event": None, "until": None}
    assert scene.moves == b""
