"""Logs in XES, packed or not: each event of each trace is a row; no XES is refused with its line."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from tests.replay.scene import Scene
from workflow.replay.refusal import ReplayRefused
from workflow.replay.xes import MAX_DEPTH, xes_rows

MAP = """\
subject: {column: "case:concept:name", pattern: "^Parcel ([A-Z])$"}
time: {column: "time:timestamp", format: iso8601}
id: {by: place}
data:
  weight: {column: "case:grams", type: integer}
triggers:
  - {trigger: send, when: {"classifier:Step": sent+complete}}
  - {trigger: deliver, when: {"classifier:Step": delivered+complete}}
"""

LOG = """\
<?xml version="1.0" encoding="UTF-8"?>
<!-- a log of parcels -->
<log xes.version="1849-2016" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <global scope="trace"><int key="grams" value="7"/></global>
  <global scope="event"><string key="lifecycle:transition" value="complete"/></global>
  <classifier name="Step" keys="concept:name lifecycle:transition"/>
  <string key="origin" value="scales"><string key="place" value="hall 4"/></string>
  <trace>
    <string key="concept:name" value="Parcel A"/>
    <int key="grams" value="500"/>
    <event>
      <string key="concept:name" value="sent"/>
      <date key="time:timestamp" value="2026-03-02T10:00:00.000+01:00"/>
      <list key="marks"><values><string key="m" value="red"/><boolean key="m" value="true"/></values></list>
      <float key="price" value="4.5"><string key="currency" value="EUR"/></float>
    </event>
    <event>
      <string key="concept:name" value="delivered"/>
      <date key="time:timestamp" value="2026-03-02T10:30:00.000+01:00"/>
    </event>
  </trace>
  <trace>
    <string key="concept:name" value="Parcel B"/>
    <event>
      <string key="concept:name" value="sent"/>
      <date key="time:timestamp" value="2026-03-02T11:00:00.000+01:00"/>
    </event>
  </trace>
</log>
"""


def zipped(raw: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("log.xes", raw)
    return file.getvalue()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "log.xes": bytes,
    "log.xes.gz": gzip.compress,
    "log.xes.bz2": bz2.compress,
    "log.xes.xz": lzma.compress,
    "log.xes.zip": zipped,
}


@pytest.mark.parametrize("name", PACKED)
def test_a_log_in_xes_packed_or_not(scene: Scene, name: str) -> None:
    scene.map = MAP
    report = scene.play(PACKED[name](LOG.encode()), name=name)
    assert scene.story == [
        "2026-03-02T09:00:00Z parcel:A event send: initial -> sent",
        "2026-03-02T09:30:00Z parcel:A event deliver: sent -> delivered",
        "2026-03-02T10:00:00Z parcel:B event send: initial -> sent",
    ]
    assert report["rows"]["applied"] == report["rows"]["total"] == 3
    assert report["log"]["format"] == "xes"


def rows(text: str) -> list[Any]:
    return list(xes_rows(io.BytesIO(text.encode()), "log.xes"))


def test_the_columns_of_a_row() -> None:
    first, second, third = rows(LOG)
    assert first.line == 17
    assert first.values == {
        "concept:name": "sent",
        "lifecycle:transition": "complete",
        "time:timestamp": "2026-03-02T10:00:00.000+01:00",
        "marks": ["red", True],
        "price": 4.5,
        "price/currency": "EUR",
        "classifier:Step": "sent+complete",
        "case:concept:name": "Parcel A",
        "case:grams": 500,
        "log:origin": "scales",
        "log:origin/place": "hall 4",
    }
    assert (second.number, "marks" in second.values) == (2, False)
    assert third.values["case:grams"] == 7  # the log's default for a trace that does not say it


def test_a_value_that_is_not_of_its_tag_stays_what_it_is(scene: Scene) -> None:
    scene.map = MAP
    report = scene.play(LOG.replace('value="500"', 'value="half a pound"'), name="log.xes")
    assert [(one["row"], one["rule"]) for one in report["refusals"]["items"]] == [
        (1, "integer"),
        (2, "integer"),
    ]


BOMB = '<!DOCTYPE log [<!ENTITY a "aaaa">]>\n<log>&a;</log>'


@pytest.mark.parametrize(
    ("log", "rule", "line"),
    [
        (LOG.replace("  </trace>\n  <trace>", "  <trace>", 1), "xml-form", 29),
        (LOG[: len(LOG) // 2], "xml-form", 13),
        ("<logs/>", "xes-form", 1),
        (BOMB, "xml-forbidden", 1),
        ("<log>\n" + '<string key="a" value="b">' * MAX_DEPTH, "xes-depth", 2),
        ("<log/>", "empty-log", None),
    ],
)
def test_what_is_no_log_in_xes_is_refused_with_its_line(
    scene: Scene, log: str, rule: str, line: int | None
) -> None:
    scene.map = MAP
    with pytest.raises(ReplayRefused) as refused:
        scene.play(log, name="log.xes")
    assert [(one.field, one.rule, one.line) for one in refused.value.problems] == [("log", rule, line)]


def two_files() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.xes", LOG)
        archive.writestr("b.xes", LOG)
    return file.getvalue()


def damaged() -> bytes:
    """Packed by bzip2, and then spoilt in the middle."""
    raw = bytearray(bz2.compress(LOG.encode()))
    raw[len(raw) // 2] ^= 0xFF
    return bytes(raw)


def packed_in_a_way_of_its_own() -> bytes:
    """A zip with Deflate64, as Windows packs what is large."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("log.xes", LOG)
    deflated, deflated_64 = b"\x08\x00", b"\x09\x00"
    raw = file.getvalue()
    entry = raw.index(b"PK\x01\x02")
    return raw[:8] + deflated_64 + raw[10 : entry + 10] + raw[entry + 10 :].replace(deflated, deflated_64, 1)


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("log.xes.gz", gzip.compress(LOG.encode())[:-20]),
        ("log.xes.zip", two_files()),
        ("log.xes.bz2", damaged()),
        ("log.xes.zip", packed_in_a_way_of_its_own()),
    ],
    ids=["cut off", "two files", "damaged", "unknown way"],
)
def test_a_packed_log_that_cannot_be_unpacked(scene: Scene, name: str, raw: bytes) -> None:
    scene.map = MAP
    with pytest.raises(ReplayRefused) as refused:
        scene.play(raw, name=name)
    (problem,) = refused.value.problems
    assert problem.rule == "packed" and "None" not in problem.message


def test_what_a_maker_of_archives_puts_beside_a_file_is_none(scene: Scene) -> None:
    scene.map = MAP
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr("log.xes", LOG)
        archive.writestr("__MACOSX/._log.xes", "beside it")
    assert scene.play(kept.getvalue(), name="log.xes.zip")["rows"]["refused"] == 0


def test_rows_are_handed_out_while_the_file_is_read() -> None:
    """A log of any length needs no more memory than its longest trace."""
    read = 0

    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            nonlocal read
            read += 1
            assert read < 10, "the whole file is read before the first row is handed out"
            return b"<log><trace>" if read == 1 else b"<event/>" * 1000

    log = xes_rows(Endless(), "log.xes")  # type: ignore[arg-type]
    assert [next(log).number for _ in range(3)] == [1, 2, 3]
