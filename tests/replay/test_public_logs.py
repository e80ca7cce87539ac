"""The maps and lifecycles of `examples/replay`, on small logs written here in the form of the public ones."""

import gzip
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from workflow.replay.session import Request, replay

EXAMPLES = Path(__file__).parents[2] / "examples" / "replay"


def event(what: str, at: str, *more: str) -> str:
    attributes = [
        f'<string key="concept:name" value="{what}"/>',
        f'<date key="time:timestamp" value="{at}"/>',
        *more,
    ]
    return f"<event>{''.join(attributes)}</event>"


def log(*traces: tuple[str, list[str]]) -> str:
    told = [
        f'<trace><string key="concept:name" value="{name}"/>{"".join(events)}</trace>'
        for name, events in traces
    ]
    return f'<?xml version="1.0" encoding="utf-8"?>\n<log xes.version="1849-2016">\n{"".join(told)}\n</log>\n'


HELPDESK = log(
    (
        "Case 1",
        [
            event("Assign seriousness", "2012-10-09T14:50:17+00:00",
                  '<string key="seriousness" value="Value 2"/>'),
            event("Take in charge ticket", "2012-11-12T15:02:56+00:00"),
            event("Resolve ticket", "2012-11-25T11:54:26+00:00"),
            event("Closed", "2012-11-26T11:54:26+00:00"),
            event("Closed", "2012-11-27T11:54:26+00:00"),
        ],
    ),
    ("Case 2", [event("Insert ticket", "2012-10-10T00:00:00+00:00")]),
)  # fmt: skip

FINES = log(
    (
        "A1",
        [
            event("Create Fine", "2006-07-24T00:00:00.000+02:00", '<float key="amount" value="35.0"/>'),
            event("Send Fine", "2006-12-05T00:00:00.000+01:00"),
            event("Insert Fine Notification", "2007-01-15T00:00:00.000+01:00"),
            event("Add penalty", "2007-03-16T00:00:00.000+01:00", '<float key="amount" value="71.5"/>'),
            event("Send for Credit Collection", "2009-03-30T00:00:00.000+02:00"),
        ],
    ),
    (
        "A2",
        [
            event("Create Fine", "2006-08-02T00:00:00.000+02:00"),
            event("Payment", "2006-08-03T00:00:00+02:00"),
        ],
    ),
)

EXPENSES = """\
activity;case;start;end;org:role;org:resource;travel_start;travel_end;cost
calculate payments;6;04.01.2017 06:59;16.01.2017 09:40;Accounting;WE5108;;;413,14
pay expenses;6;06.02.2017 09:27;06.02.2017 09:36;Accounting;WE5108;;;413,14
pay expenses;7;27.01.2017 12:04;27.01.2017 12:11;Accounting;JK6642;;;92
"""

T10 = "T10 Determine necessity to stop indication"
PERMITS = f"""\
case:channel,case:concept:name,case:enddate_planned,concept:instance,concept:name,time:timestamp
Internet,case-1,2011-11-06 13:41:31.788000+01:00,task-1,Confirmation of receipt,2011-10-11 13:45:40.276+02:00
Internet,case-1,2011-11-06 13:41:31.788000+01:00,task-2,{T10},2011-11-24 15:37:16+01:00
Desk,case-2,2011-11-06 13:41:31+01:00,task-3,Confirmation of receipt,2011-10-12 13:45:40+02:00
Desk,case-2,2011-11-06 13:41:31+01:00,task-4,{T10},2011-10-13 08:26:25+02:00
Telex,case-3,2011-11-06 13:41:31+01:00,task-5,Confirmation of receipt,2011-10-13 08:26:25+02:00
"""

LOGS: dict[str, tuple[str, bytes, dict[str, int], list[str]]] = {
    "helpdesk": (
        "log.xes.gz",
        gzip.compress(HELPDESK.encode()),
        {"events": 6, "applied": 5, "refused": 1},
        ["ticket:1 2012-11-08T14:50:17Z", "ticket:2 2012-11-09T00:00:00Z"],
    ),
    "fines": (
        "log.xes",
        FINES.encode(),
        {"events": 7, "applied": 7, "refused": 0},
        ["fine:A1 2007-03-14T23:00:00Z"],
    ),
    "expenses": (
        "log.csv",
        EXPENSES.encode(),
        {"events": 6, "applied": 6, "refused": 0},
        ["expense:6 2017-02-03T05:59:00Z"],
    ),
    "permits": (
        "log.csv",
        PERMITS.encode(),
        {"events": 5, "applied": 4, "refused": 1},
        ["permit:case-1 2011-11-06T12:41:31.788000Z"],
    ),
}


@pytest.mark.parametrize("name", LOGS)
def test_a_log_in_the_form_of_a_public_one(name: str, tmp_path: Path, database_url: str) -> None:
    file, raw, rows, timers = LOGS[name]
    path = tmp_path / file
    path.write_bytes(raw)
    request = Request(
        path, [EXAMPLES / name / "lifecycle.yaml"], EXAMPLES / name / "map.yaml",
        tmp_path / "R.json", tmp_path / "M.jsonl", database_url=database_url,
    )  # fmt: skip
    report: dict[str, Any] = replay(request)
    assert {key: report["rows"][key] for key in rows} == rows
    moves = request.moves.read_text()
    assert [
        " ".join(one.split('"')[index] for index in (3, 23)) for one in moves.splitlines() if '"timer"' in one
    ] == timers
    if name != "permits":  # which has a row that the map refuses; the other reckoning does not
        oracle = [sys.executable, str(EXAMPLES / "oracle.py"), name, str(path), str(request.moves)]
        done = subprocess.run(oracle, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
