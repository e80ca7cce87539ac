"""Events that came as values and not as a text: another's JSON has read them, such as Celery's."""

from __future__ import annotations

from typing import Any

import orjson

from state_machines.errors import Problem
from workflow.access.principal import Principal
from workflow.engine.acceptance import Acceptance
from workflow.engine.cloudevent import MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_EVENT_BYTES, parse
from workflow.engine.engine import Engine
from workflow.engine.exact_json import inexact, written_out
from workflow.errors import InvalidEvent


def accept_decoded(engine: Engine, documents: Any, by: Principal | None = None) -> list[Acceptance]:
    """Accept these CloudEvents (a list of structured JSON objects), all or none.

    Raises InvalidEvent as `Engine.accept` does; where a value in one would be kept as something else; and
    beyond the bounds that hold over HTTP: `MAX_BATCH_EVENTS`, `MAX_BATCH_BYTES`, `MAX_EVENT_BYTES` an event.
    """
    if not isinstance(documents, list):
        raise InvalidEvent([Problem("events", "type", "must be a list of events")])
    if len(documents) > MAX_BATCH_EVENTS:
        message = f"at most {MAX_BATCH_EVENTS} at once, not {len(documents)}"
        raise InvalidEvent([Problem("events", "too-many", message)])
    found = [inexact(document, f"[{place}]") for place, document in enumerate(documents)]
    problems: list[Problem] = [problem for problem in found if problem is not None]
    if problems:
        raise InvalidEvent(problems)
    sizes = [_size(document) for document in documents]
    problems = [
        Problem(f"[{place}]", "too-large", f"at most {MAX_EVENT_BYTES} bytes an event, not {size}")
        for place, size in enumerate(sizes)
        if size > MAX_EVENT_BYTES
    ]
    if sum(sizes) > MAX_BATCH_BYTES:
        problems.append(Problem("events", "too-large", f"at most {MAX_BATCH_BYTES} bytes at once"))
    if problems:
        raise InvalidEvent(problems)
    events = [parse(written_out(document), field=f"[{place}]") for place, document in enumerate(documents)]
    return engine.accept(events, by)


def _size(document: Any) -> int:
    try:
        return len(orjson.dumps(document))
    except (TypeError, ValueError):  # what is wrong with it is said by `parse`
        return 0
