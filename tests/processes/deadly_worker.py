"""`makegood worker`, but deciding about some fuses ends the process: nothing of Python runs after that.

As when the kernel ends it for want of memory, or compiled code fails. Each death is noted in a file first.
"""

from __future__ import annotations

import os
import signal
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

from state_machines.decide import decide
from state_machines.decision import Decision, Event
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.subject import Subject
from workflow.cli.__main__ import start
from workflow.engine import deciding
from workflow.settings import read_settings

FUSE = """
lifecycle: fuse
version: 1
data:
  deadly: {type: string, default: no}
triggers:
  light: {data: {deadly: {type: string}}}
states:
  - {name: lit, timeout: PT1S, on_timeout: burn}
  - {name: burnt, final: true}
transitions:
  - {trigger: light, source: initial, dest: lit, set: {deadly: "=event.data.?deadly.orValue('no')"}}
  - {trigger: burn, source: lit, dest: burnt}
"""


def deaths_file(data_dir: Path) -> Path:
    """Where each death leaves a line: the subject that was decided about."""
    return data_dir / "deaths"


def deadly_decide(
    lifecycle: Lifecycle, subject: Subject, event: Event, now: datetime, **asking: bool
) -> Decision:
    """Decide; a fuse that says so kills this process when it is lit, or when it burns."""
    deadly = subject.data.get("deadly") if event.timer else event.data.get("deadly")
    if deadly == event.trigger:
        with deaths_file(read_settings().data_dir).open("a") as deaths:
            deaths.write(f"{subject.key}\n")
        os.kill(os.getpid(), signal.SIGKILL)
    return decide(lifecycle, subject, event, now, **asking)


if __name__ == "__main__":
    with patch.object(deciding, "decide", deadly_decide):
        start()
