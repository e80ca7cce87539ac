"""A small stage for replays: a lifecycle of parcels, its map, and a directory to play in."""

from pathlib import Path
from typing import Any

import orjson

from workflow.replay.session import Request, replay

LIFECYCLE = """\
lifecycle: parcel
version: 1
data:
  weight: {type: integer}
triggers:
  send:
    data: {weight: {type: integer}, express: {type: boolean}, promised_at: {type: string, format: date-time}}
  scan: {}
  deliver: {}
  overdue: {}
states:
  - {name: sent}
  - {name: seen}
  - {name: late}
  - {name: delivered, final: true}
timeouts:
  delivery: {in: [sent, seen], after: PT2H, on_timeout: overdue}
transitions:
  - {trigger: send, source: initial, dest: sent, set: "{?'weight': event.data.?weight}"}
  - {trigger: scan, source: sent, dest: seen}
  - {trigger: scan, source: [seen, late]}
  - {trigger: overdue, source: [sent, seen], dest: late}
  - {trigger: deliver, source: [sent, seen, late], dest: delivered}
"""

MAP = """\
subject: parcel
time:
  column: when
  format: "%Y-%m-%d %H:%M"
  zone: UTC
id: [parcel, count]
null_values: ["", "?"]
data:
  weight: {column: grams, type: integer}
triggers:
  - {trigger: send, when: {what: sent}}
  - {trigger: scan, when: {what: [scanned, seen]}}
  - {trigger: deliver, when: {what: delivered}}
"""

HEADER = "parcel,count,when,what,grams\n"


class Scene:
    """A directory with a lifecycle, a map and a log, and what came of replaying them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.lifecycle = LIFECYCLE
        self.map = MAP
        self.moves = b""

    def request(
        self,
        log: str | bytes,
        *,
        name: str = "log.csv",
        until: str | None = None,
        url: str | None = None,
        keep_outliers: bool = False,
    ) -> Request:
        """Write the files of a replay."""
        raw = log.encode() if isinstance(log, str) else log
        files = {name: raw, "lifecycle.yaml": self.lifecycle.encode(), "map.yaml": self.map.encode()}
        for file, content in files.items():
            (self.directory / file).write_bytes(content)
        place = self.directory
        return Request(
            place / name, [place / "lifecycle.yaml"], place / "map.yaml", place / "R.json", place / "M.jsonl",
            until, url, keep_outliers=keep_outliers,
        )  # fmt: skip

    def play(self, log: str | bytes, **options: Any) -> dict[str, Any]:
        """Replay; gives the report, and keeps the bytes of the moves."""
        request = self.request(log, **options)
        report = replay(request)
        assert orjson.loads(request.report.read_bytes()) == report
        rows = report["rows"]
        assert rows["applied"] + rows["duplicate"] + rows["refused"] + rows["set_aside"] == rows["events"]
        self.moves = request.moves.read_bytes()
        return report

    def rows(self, *rows: str, **options: Any) -> dict[str, Any]:
        """Replay these rows of CSV below the usual header."""
        return self.play(HEADER + "".join(f"{row}\n" for row in rows), **options)

    @property
    def story(self) -> list[str]:
        """The moves, each in one readable line."""
        return [
            "{at} {subject} {cause} {trigger}: {from} -> {to}".format(**orjson.loads(line))
            for line in self.moves.splitlines()
        ]

    def replace(self, what: str, by: str, *, within: str = "map") -> None:
        """Change the map or the lifecycle; what is replaced must be there."""
        text: str = getattr(self, within)
        assert what in text
        setattr(self, within, text.replace(what, by))


def row_counts(total: int, *, events: int | None = None, **others: int) -> dict[str, int]:
    """What a report says of its rows; of what is not given there is none, and an event is a row."""
    kinds = dict.fromkeys(("applied", "duplicate", "refused", "set_aside"), 0)
    assert others.keys() <= kinds.keys()
    return {"total": total, "events": total if events is None else events, **kinds, **others}
