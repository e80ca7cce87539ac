"""Back-off by its laws, and the decision to try again by a table."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state_machines.values.backoff import Backoff
from state_machines.values.retry_policy import GiveUp, RetryDecision, RetryPolicy, TryAgain, decide_retry

SECONDS = st.floats(0.001, 1e7)
BACKOFFS = st.tuples(SECONDS, SECONDS).map(lambda pair: Backoff(min(pair), max(pair)))
FAILURES = st.integers(1, 10**6)
JITTER = st.floats(0, 1)


@given(BACKOFFS, FAILURES)
def test_pauses_never_get_shorter_and_double_until_the_longest(backoff: Backoff, failures: int) -> None:
    pause, later = backoff.pause(failures), backoff.pause(failures + 1)
    assert pause <= later
    assert later == min(backoff.longest, 2 * pause)


@given(BACKOFFS, FAILURES)
def test_pauses_lie_between_the_first_and_the_longest(backoff: Backoff, failures: int) -> None:
    assert backoff.pause(1) == backoff.first
    assert backoff.first <= backoff.pause(failures) <= backoff.longest


@given(BACKOFFS, FAILURES, JITTER)
def test_chance_takes_half_of_a_pause_at_most(backoff: Backoff, failures: int, jitter: float) -> None:
    whole = backoff.pause(failures)
    assert whole / 2 <= backoff.pause(failures, jitter) <= whole
    assert backoff.pause(failures, 0.0) == whole / 2


def test_the_longest_is_reached_however_far_away_it_is() -> None:
    assert Backoff(1e-3, 1e7).pause(10**9) == 1e7


POLICY = RetryPolicy(3, Backoff(10.0, 30.0), frozenset({"webhook-409", "gone"}))


@pytest.mark.parametrize(
    ("attempts", "rules", "asked", "jitter", "decision"),
    [
        (1, (), 0.0, 1.0, TryAgain(10.0)),
        (2, (), 0.0, 1.0, TryAgain(20.0)),
        (1, (), 0.0, 0.0, TryAgain(5.0)),
        (1, ("webhook-503",), 0.0, 1.0, TryAgain(10.0)),
        (1, (), 120.0, 1.0, TryAgain(120.0)),
        (2, (), 12.0, 0.5, TryAgain(15.0)),
        (3, (), 0.0, 1.0, GiveUp("after 3 attempts")),
        (4, (), 0.0, 1.0, GiveUp("after 4 attempts")),
        (3, (), 3600.0, 1.0, GiveUp("after 3 attempts")),
        (1, ("webhook-409",), 0.0, 1.0, GiveUp("since webhook-409 is not worth another try")),
        (1, ("webhook-409", "gone", "x"), 60.0, 1.0, GiveUp("since gone is not worth another try")),
        (3, ("gone",), 0.0, 1.0, GiveUp("since gone is not worth another try")),
    ],
)
def test_whether_it_is_tried_again(
    attempts: int, rules: tuple[str, ...], asked: float, jitter: float, decision: RetryDecision
) -> None:
    found = decide_retry(POLICY, attempts, rules, asked, jitter)
    assert (type(found), found) == (type(decision), decision)


def test_a_single_attempt_is_one_attempt() -> None:
    assert decide_retry(RetryPolicy(1), 1) == GiveUp("after 1 attempt")


@pytest.mark.parametrize(
    ("rule", "policy"),
    [
        (None, POLICY),
        ({}, POLICY),
        ({"attempts": 1}, RetryPolicy(1, Backoff(10.0, 30.0), POLICY.not_on)),
        ({"first": "PT20S"}, RetryPolicy(3, Backoff(20.0, 30.0), POLICY.not_on)),
        ({"first": "PT1H"}, RetryPolicy(3, Backoff(3600.0, 3600.0), POLICY.not_on)),
        ({"longest": "PT1H"}, RetryPolicy(3, Backoff(10.0, 3600.0), POLICY.not_on)),
        ({"longest": "PT0.5S"}, RetryPolicy(3, Backoff(0.5, 0.5), POLICY.not_on)),
        ({"first": "PT1H", "longest": "P1D"}, RetryPolicy(3, Backoff(3600.0, 86400.0), POLICY.not_on)),
        ({"not_on": ["smtp-452"]}, RetryPolicy(3, Backoff(10.0, 30.0), frozenset({"smtp-452"}))),
        ({"not_on": []}, RetryPolicy(3, Backoff(10.0, 30.0))),
    ],
)
def test_an_effect_says_what_it_wants_and_the_installation_the_rest(
    rule: dict[str, Any] | None, policy: RetryPolicy
) -> None:
    assert POLICY.with_rule(rule) == policy
