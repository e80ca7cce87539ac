"""The task of the relay."""

from __future__ import annotations

from tasks.aftermath import Done
from tasks.app import app
from tasks.process import here
from workflow.task_names import RELAY


@app.task(name=RELAY)
def relay() -> Done:
    """Put due effects on the broker. What there is no time for, the clock asks for again."""
    relayed = here(app).relay.run()
    return {"decided": 0, "published": relayed.published, "subjects": list(relayed.subjects)}
