"""A map, a log or an option that cannot be used: every problem named, nothing written anywhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.replay.scene import HEADER, LIFECYCLE, MAP, Scene
from workflow.replay.refusal import ReplayRefused
from workflow.replay.session import replay

LOG = HEADER + "A,1,2026-03-02 10:00,sent,5\n"


@contextmanager
def refused_without_a_trace(scene: Scene, *expected: tuple[str, str, int | None]) -> Iterator[None]:
    """Expects these problems (field, rule, line), and that no file of any kind has come, gone or changed."""

    def files() -> dict[Path, bytes]:
        given = ("log.csv", "log.jsonl", "log.txt", "lifecycle.yaml", "map.yaml")
        return {
            path: path.read_bytes()
            for path in scene.directory.rglob("*")
            if path.is_file() and path.name not in given
        }

    before = files()
    with pytest.raises(ReplayRefused) as refused:
        yield
    problems = refused.value.problems
    assert [(one.field, one.rule, one.line) for one in problems] == list(expected)
    assert all(one.message for one in problems)
    assert files() == before


MAPS = [
    ("subject: parcel", "subject: box", ("subject.column", "unknown-column", 1)),
    ("subject: parcel", "subject: {}", ("subject", "one-of", 1)),
    ("subject: parcel\n", "", ("subject", "required", 1)),
    ("id: [parcel, count]\n", "", ("id", "required", 1)),
    ("id: [parcel, count]", "id: [parcel, total]", ("id", "unknown-column", 1)),
    ("id: [parcel, count]", "id: {}", ("id", "one-of", 6)),
    ("id: [parcel, count]", "id: {template: fixed}", ("id", "template", 6)),
    ("id: [parcel, count]", 'id: {template: "{parcel"}', ("id", "template", 6)),
    ("id: [parcel, count]", 'id: {template: "{parcel!r}"}', ("id", "template", 6)),
    ("column: when", "column: at", ("time.column", "unknown-column", 1)),
    ('"%Y-%m-%d %H:%M"', '"%H:%M"', ("time.format", "time-format", 4)),
    ('"%Y-%m-%d %H:%M"', '"%Q"', ("time.format", "time-format", 4)),
    ('"%Y-%m-%d %H:%M"', "iso", ("time.format", "time-format", 4)),
    ('"%Y-%m-%d %H:%M"', '"%Y-%m-%d %H:%M %Z"', ("time.format", "time-format", 4)),
    ('"%Y-%m-%d %H:%M"', '"%Y-%m-%d %I:%M"', ("time.format", "time-format", 4)),
    ("zone: UTC", "zone: Europe/Nowhere", ("time.zone", "unknown-zone", 5)),
    ("  zone: UTC\n", "", ("time", "no-zone", 2)),
    ('"%Y-%m-%d %H:%M"', "unix", ("time", "zone-twice", 2)),
    ("zone: UTC", "zone: UTC\n  ambiguous: guess", ("time.ambiguous", "choice", 6)),
    ("zone: UTC", "zone: UTC\n  clock: wall", ("time.clock", "unknown-field", 6)),
    ("trigger: deliver", "trigger: explode", ("triggers[2].trigger", "unknown-trigger", 13)),
    ("trigger: deliver", "trigger: Deliver!", ("triggers[2].trigger", "name-form", 13)),
    ("when: {what: delivered}", "when: {that: delivered}", ("triggers[2].when", "unknown-column", 1)),
    ("type: integer", "type: date", ("data.weight.type", "choice", 9)),
    ("type: integer", "type: string", ("data.weight.type", "field-type", 9)),
    ("type: integer", 'type: integer, pattern: "("', ("data.weight.pattern", "pattern", 9)),
    ("type: integer", 'type: integer, pattern: "[0-9]+"', ("data.weight.pattern", "pattern", 9)),
    ("column: grams", "column: ounces", ("data.weight.column", "unknown-column", 1)),
    ("  weight: {", "  Weight: {", ("data.Weight", "name-form", 9)),
    ("data:\n", "opening: close\ndata:\n", ("opening.trigger", "unknown-trigger", 8)),
    ("data:\n", "source: /makegood\ndata:\n", ("source", "reserved-source", 8)),
    ("data:\n", "log: {format: xml}\ndata:\n", ("log.format", "choice", 8)),
    ("data:\n", "log: {encoding: klingon}\ndata:\n", ("log.encoding", "encoding", 8)),
    ("data:\n", "log: {delimiter: '::'}\ndata:\n", ("log.delimiter", "too-long", 8)),
    (
        "data:\n",
        "compare: {trigger: send, column: ok, value: 1}\ndata:\n",
        ("compare.column", "unknown-column", 1),
    ),
    (
        "data:\n",
        "compare: {trigger: send, column: what, value: x, by: height}\ndata:\n",
        ("compare.by", "unknown-field", 8),
    ),
    ("data:\n", "subject: parcel\ndata:\n", ("subject", "doubled-key", 8)),
    ("data:\n", "data: [\n", ("document", "yaml", 10)),
]


@pytest.mark.parametrize(("what", "by", "problem"), MAPS, ids=[f"{one[2][0]}-{one[2][1]}" for one in MAPS])
def test_a_bad_map(scene: Scene, what: str, by: str, problem: tuple[str, str, int | None]) -> None:
    scene.replace(what, by)
    request = scene.request(LOG, url=f"sqlite:///{scene.directory / 'store.db'}")
    with refused_without_a_trace(scene, problem):
        replay(request)


def test_all_problems_of_a_map_are_named_at_once(scene: Scene) -> None:
    scene.replace("zone: UTC", "zone: Nowhere")
    scene.replace("type: integer", "type: float")
    scene.map += "colour: red\n"
    with refused_without_a_trace(
        scene,
        ("time.zone", "unknown-zone", 5),
        ("data.weight.type", "choice", 9),
        ("colour", "unknown-field", 14),
    ):
        replay(scene.request(LOG))


def test_a_map_that_lacks_what_a_trigger_needs(scene: Scene) -> None:
    scene.replace(
        "data: {weight: {type: integer},",
        "data: {weight: {type: integer}, to: {required: true},",
        within="lifecycle",
    )
    with refused_without_a_trace(scene, ("triggers[0].trigger", "missing-field", 11)):
        replay(scene.request(LOG))


def test_a_map_that_is_not_utf_8(scene: Scene) -> None:
    request = scene.request(LOG)
    request.map.write_bytes(MAP.encode() + b"# \xfc\n")
    with refused_without_a_trace(scene, ("document", "encoding", 14)):
        replay(request)


@pytest.mark.parametrize("missing", ["log.csv", "lifecycle.yaml", "map.yaml"])
def test_a_file_that_is_not_there(scene: Scene, missing: str) -> None:
    request = scene.request(LOG)
    (scene.directory / missing).unlink()
    with refused_without_a_trace(scene, (missing.partition(".")[0], "readable", None)):
        replay(request)


def test_a_bad_lifecycle(scene: Scene) -> None:
    scene.replace("dest: delivered}", "dest: lost}", within="lifecycle")
    line = (
        LIFECYCLE.splitlines().index("  - {trigger: deliver, source: [sent, seen, late], dest: delivered}")
        + 1
    )
    with refused_without_a_trace(scene, ("transitions[4].dest", "unknown-state", line)):
        replay(scene.request(LOG))


LOGS = [
    (b"", ("log", "empty-log", None)),
    (HEADER.encode(), ("log", "empty-log", None)),
    (HEADER.encode() + b"A,1,2026-03-02 10:00,sent,\xff\n", ("log", "encoding", 2)),
    (HEADER.encode() + b'A,1,"2026-03-02 10:00,sent,\n', ("log", "csv-form", 2)),
    (HEADER.replace("grams", "what").encode(), ("log.header", "doubled-column", 1)),
]


@pytest.mark.parametrize(("log", "problem"), LOGS, ids=[one[1][1] for one in LOGS])
def test_a_bad_log(scene: Scene, log: bytes, problem: tuple[str, str, int | None]) -> None:
    if problem[1] == "doubled-column":
        scene.replace("column: grams", "column: what")
    request = scene.request(log, url=f"sqlite:///{scene.directory / 'store.db'}")
    with refused_without_a_trace(scene, problem):
        replay(request)


def test_a_log_whose_format_nobody_says(scene: Scene) -> None:
    with refused_without_a_trace(scene, ("log.format", "choice", None)):
        replay(scene.request(LOG, name="log.txt"))


@pytest.mark.parametrize(
    ("until", "rule"),
    [
        ("tomorrow", "instant-form"),
        ("2026-03-03T10:00:00", "no-zone"),
        ("P1M", "duration-fixed-length"),
        ("-PT1H", "duration-sign"),
        ("P999999999D", "instant-range"),
    ],
)
def test_a_bad_until(scene: Scene, until: str, rule: str) -> None:
    with refused_without_a_trace(scene, ("--until", rule, None)):
        replay(scene.request(LOG, until=until))


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("mysql://root@localhost/x", "database"),
        ("nonsense", "database"),
        ("postgresql://nobody@127.0.0.1:1/x?connect_timeout=2", "database"),
    ],
)
def test_a_bad_database(scene: Scene, url: str, rule: str) -> None:
    with refused_without_a_trace(scene, ("--database-url", rule, None)):
        replay(scene.request(LOG, url=url))


def test_outputs_that_cannot_be_written(scene: Scene) -> None:
    request = scene.request(LOG)
    (scene.directory / "M.jsonl.part").mkdir()
    with refused_without_a_trace(scene, ("--moves", "writable", None)):
        replay(request)
