"""Whoever writes to the broker cannot end a worker, nor change it, by Celery's remote control."""

from __future__ import annotations

from typing import Any

from tests.processes.installation import Installation
from workflow.broker.app import celery_app
from workflow.broker.task_names import QUEUE

COMMANDS: dict[str, dict[str, Any]] = {
    "shutdown": {},
    "pool_grow": {"n": 5},
    "pool_shrink": {"n": 1},
    "pool_restart": {},
    "autoscale": {"max": 9, "min": 1},
    "cancel_consumer": {"queue": QUEUE},
    "add_consumer": {"queue": "elsewhere"},
    "rate_limit": {"task_name": "makegood.events.apply", "rate_limit": "1/h"},
    "time_limit": {"task_name": "makegood.events.apply", "hard": 0.01},
    "revoke": {"task_id": "an-id", "terminate": True},
    "revoke_by_stamped_headers": {"headers": {"a": 1}, "terminate": True},
    "terminate": {"task_id": "an-id", "signal": "KILL"},
    "disable_events": {},
    "election": {"id": "a", "topic": "task"},
    "memdump": {},
}


def test_commands_are_refused_and_questions_answered(sqlite_installation: Installation) -> None:
    installation = sqlite_installation
    worker = installation.workers.start("--concurrency", "2", "--name", "one")
    worker.wait_ready()
    installation.wait(lambda: len(worker.group()) == 4, what="worker, two children, scheduler")
    before = set(worker.group())
    control = celery_app(installation.settings).control
    for name, arguments in COMMANDS.items():
        (said,) = control.broadcast(name, arguments=arguments, reply=True, limit=1, timeout=20)
        (answer,) = said.values()
        assert name in answer["error"], name
    hello = {"from_node": "nobody@x", "revoked": {"an-id": 1}}
    (said,) = control.broadcast("hello", arguments=hello, reply=True, limit=1, timeout=20)
    assert [sorted(answer) for answer in said.values()] == [["clock", "revoked"]]
    asking = control.inspect(timeout=20, limit=1)
    assert asking.ping() and asking.stats() and asking.registered() and asking.conf()
    assert list(asking.revoked().values()) == [[]], "what somebody said of revoked tasks is passed over"
    (queues,) = asking.active_queues().values()
    assert [queue["name"] for queue in queues] == ["makegood", "makegood.soon", "makegood.later"]
    assert set(worker.group()) == before
    log = worker.log.read_text()
    assert log.count('"remote control is refused"') == len(COMMANDS)
    installation.send(installation.promise("P-1", due_in=1))
    installation.wait(lambda: installation.state("promise:P-1") == "lapsed", what="work to go on")
