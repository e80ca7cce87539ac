"""Celery's remote control of our workers: questions are answered, and nothing is changed."""

from __future__ import annotations

from celery.worker.control import Panel
from structlog.testing import capture_logs

from tasks.consumer.remote_control import HARMLESS, PERMITTED, QUESTIONS, hello, restrict
from workflow.broker.task_names import WAKE_SCHEDULERS


def test_every_question_is_one_of_celerys_that_only_reads() -> None:
    assert {Panel.meta[name].type for name in QUESTIONS if name in Panel.meta} == {"inspect"}
    assert Panel.data.keys() >= QUESTIONS | HARMLESS
    assert "hello" not in PERMITTED, "Celery's own takes ids of tasks that are to be revoked"


def test_what_changes_a_worker_is_refused_by_its_name() -> None:
    commands = dict(Panel.data) | {WAKE_SCHEDULERS: Panel.data["ping"], "a_plugins_own": print}
    before = dict(commands)
    restrict(commands)
    assert commands.keys() == before.keys()
    assert {name for name in commands if commands[name] is before[name]} == PERMITTED & commands.keys()
    assert commands["hello"] is hello
    for name in ("shutdown", "rate_limit", "pool_grow", "revoke", "cancel_consumer", "a_plugins_own"):
        with capture_logs() as log:
            answer = commands[name](None, n=3, task_id="ada@example.com")
        assert name in answer["error"]
        assert [(line["event"], line["command"]) for line in log] == [("remote control is refused", name)]
        assert "ada@example.com" not in repr(log)
