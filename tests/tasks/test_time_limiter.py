"""What may hang is waited for for a moment, and what it says in time is passed on as it is."""

from __future__ import annotations

import threading

import pytest
from structlog.testing import capture_logs

from tasks.scheduler.time_limiter import TimeLimiter
from tests.waiting import wait_until
from workflow.errors import BrokerUnreachable

LONG = 60.0


def fail() -> None:
    raise TimeoutError("of the broker itself")


def test_what_it_says_in_time_is_passed_on() -> None:
    limiter = TimeLimiter(LONG, BrokerUnreachable, "test")
    assert limiter.call(lambda: 3) == 3
    with pytest.raises(TimeoutError, match="of the broker itself"):
        limiter.call(fail)
    assert limiter.call(lambda: 4) == 4, "after a failure as before"


def test_what_fails_when_nobody_waits_for_it_any_more_is_told() -> None:
    fails = threading.Event()

    def act() -> None:
        fails.wait()
        fail()

    limiter = TimeLimiter(0.05, BrokerUnreachable, "test")
    with capture_logs() as log:
        with pytest.raises(BrokerUnreachable):
            limiter.call(act)
        fails.set()
        wait_until(lambda: log, seconds=LONG, what="the log to tell")
    assert "of the broker itself" in log[0]["error"]


def test_while_one_call_hangs_no_other_is_waited_for() -> None:
    answers, called = threading.Event(), list[str]()
    hasty = TimeLimiter(0.05, BrokerUnreachable, "test")
    with pytest.raises(BrokerUnreachable, match=r"within 0\.05 s"):
        hasty.call(answers.wait)
    with pytest.raises(BrokerUnreachable, match="asked before"):
        hasty.call(lambda: called.append("while it hangs"))
    answers.set()

    def again() -> bool:
        try:
            hasty.call(lambda: called.append("after that"))
        except BrokerUnreachable:
            return False
        return True

    wait_until(again, seconds=LONG, what="it to take calls again")
    assert set(called) == {"after that"}
