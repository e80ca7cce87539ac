"""Several mails over one connection: each comes to what it would come to alone, and none goes twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tasks.channels.port import ChannelError, NobodyThere, OutcomeUnknown, Receipt, Retry
from tests.tasks.smtp_talk import smtp_talk
from tests.tasks.test_smtp import channel, notice
from tests.tasks.wire_server import Line, WireServer

KEYS = [f"promise:P-{number}/3/0" for number in range(4)]


def sent(server: WireServer, keys: list[str] = KEYS, **settings: Any) -> list[Receipt | ChannelError]:
    """What became of a message of each key, sent in one session."""
    outcomes: list[Receipt | ChannelError] = []
    with channel(server.port, **settings).session() as session:
        for key in keys:
            try:
                outcomes.append(session.send(notice(words=f"This is {key}."), key))
            except ChannelError as error:
                outcomes.append(error)
    return outcomes


def arrived(server: WireServer) -> list[str]:
    """The keys of the messages that the server has read to their end, in order."""
    return [key for message in server.messages for key in KEYS if f"This is {key}.".encode() in message]


@pytest.mark.parametrize("pipelining", [False, True])
def test_all_go_over_one_connection_in_order(pipelining: bool) -> None:
    with WireServer(smtp_talk(pipelining=pipelining)) as server:
        outcomes = sent(server)
    assert [type(one) for one in outcomes] == [Receipt] * 4
    assert len({one.reference for one in outcomes if isinstance(one, Receipt)}) == 4
    assert (arrived(server), server.connections) == (KEYS, 1)


def test_who_sends_nothing_needs_no_server() -> None:
    with WireServer(smtp_talk()) as server:
        assert sent(server, []) == []
    assert server.connections == 0


@pytest.mark.parametrize("pipelining", [False, True])
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("act", [Line.break_off, lambda line: line.say(b"421 4.3.2 closing\r\n")])
def test_a_server_that_closes_before_the_next_message_is_asked_anew(
    step: str, act: Callable[[Line], object], pipelining: bool
) -> None:
    with WireServer(smtp_talk(step, act, message=3, pipelining=pipelining)) as server:
        outcomes = sent(server)
    assert [type(one) for one in outcomes] == [Receipt] * 4
    assert (arrived(server), server.connections) == (KEYS, 2)


@pytest.mark.parametrize("pipelining", [False, True])
def test_one_that_may_have_gone_is_not_sent_anew_and_the_next_goes(pipelining: bool) -> None:
    with WireServer(smtp_talk("message", Line.break_off, message=2, pipelining=pipelining)) as server:
        outcomes = sent(server)
    assert [type(one) for one in outcomes] == [Receipt, OutcomeUnknown, Receipt, Receipt]
    assert (arrived(server), server.connections) == (KEYS, 2)


@pytest.mark.parametrize("pipelining", [False, True])
@pytest.mark.parametrize(
    ("said", "means"), [(b"550 5.1.1 no such user\r\n", NobodyThere), (b"451 4.7.1 later\r\n", Retry)]
)
def test_one_that_is_refused_holds_up_no_other(said: bytes, means: type[Exception], pipelining: bool) -> None:
    talk = smtp_talk("RCPT", lambda line: line.say(said), message=2, pipelining=pipelining)
    with WireServer(talk) as server:
        outcomes = sent(server)
    assert [type(one) for one in outcomes] == [Receipt, means, Receipt, Receipt]
    assert arrived(server) == [KEYS[0], *KEYS[2:]]


def test_a_server_that_is_gone_for_good_is_tried_again_later() -> None:
    with WireServer(smtp_talk("greeting", Line.break_off)) as server:
        outcomes = sent(server)
    assert [type(one) for one in outcomes] == [Retry] * 4
    assert server.connections == 4


@pytest.mark.parametrize("pipelining", [False, True])
def test_after_an_answer_too_many_nothing_is_taken_for_delivered_that_is_not(pipelining: bool) -> None:
    """It is read as the answer to the next command, and so on, until one does not fit."""
    talk = smtp_talk(says={"message": b"250 queued\r\n250 queued\r\n"}, pipelining=pipelining)
    with WireServer(talk) as server:
        outcomes = sent(server)
    assert [type(one) for one in outcomes] == [Receipt, Retry, Receipt, Retry]
    assert arrived(server) == [KEYS[0], KEYS[2]]


@pytest.mark.timeout(30)
def test_each_message_has_the_time_of_one() -> None:
    """A server that is slow, but not too slow for any of them, is not hung up on in the middle of the row."""
    talk = smtp_talk("message", lambda line: line.drip(b"250-x"), message=3)
    with WireServer(talk) as server:
        outcomes = sent(server, channel_seconds=0.3)
    assert [type(one) for one in outcomes] == [Receipt, Receipt, OutcomeUnknown, Receipt]
