"""Events that came as values and not as a text: another's JSON has read them, such as Celery's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from state_machines.errors import Problem
from workflow.engine.acceptance import Acceptance
from workflow.engine.cloudevent import parse
from workflow.engine.engine import Engine
from workflow.engine.exact_json import inexact
from workflow.errors import InvalidEvent


def accept_decoded(engine: Engine, documents: Sequence[Any]) -> list[Acceptance]:
    """Accept these CloudEvents (structured JSON objects), all or none.

    Raises InvalidEvent as `Engine.accept` does, and where a value in one would be kept as something else.
    """
    found = [inexact(document, f"[{place}]") for place, document in enumerate(documents)]
    problems: list[Problem] = [problem for problem in found if problem is not None]
    if problems:
        raise InvalidEvent(problems)
    return engine.accept([parse(document, field=f"[{place}]") for place, document in enumerate(documents)])
