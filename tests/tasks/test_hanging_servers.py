"""A server that hangs is left alone for a while: what is for others does not wait for it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tasks.channels.port import Notice, OutcomeUnknown, Receipt, Rejected, Retry
from tasks.sending import hanging_servers
from tasks.sending.hanging_servers import LONG, HangingServers
from tests.tasks.outgoing import lapse, notice, only, send
from tests.workflow.world import World
from workflow.engine.runtime import Runtime


@dataclass
class Talk:
    """Servers that take their time, which is a number here."""

    now: float = 0.0

    def __post_init__(self) -> None:
        self.servers = HangingServers(lambda: self.now)

    def ask(self, server: str | None, seconds: float = 0.0, error: Exception | None = None) -> None:
        """Ask one that takes so long and answers with this."""
        with self.servers.asked(server):
            self.now += seconds
            if error is not None:
                raise error

    def is_left_alone(self, server: str = "a") -> bool:
        """Whether it is not asked now."""
        before = self.now
        try:
            self.ask(server, 1.0)
        except Retry as error:
            assert "server-hangs" in error.rules and error.after is not None and error.after > 0
            assert self.now == before
            return True
        return False


@pytest.mark.parametrize("error", [Retry("lost"), OutcomeUnknown("lost"), RuntimeError("a time limit")])
def test_what_takes_long_and_comes_to_nothing_is_left_alone_longer_each_time(error: Exception) -> None:
    talk = Talk()
    rests = []
    for _ in range(6):
        with pytest.raises(type(error)):
            talk.ask("a", LONG, error)
        with pytest.raises(Retry, match="left alone") as left:
            talk.ask("a")
        assert left.value.after is not None
        rests.append(left.value.after)
        talk.now += left.value.after
    assert rests == [10, 20, 40, 60, 60, 60]


def test_who_lets_nobody_in_is_asked_as_seldom_however_soon_it_says_so() -> None:
    """A changed password: a hundred notices are no hundred logins in vain."""
    talk = Talk()
    with pytest.raises(Retry, match="535"):
        talk.ask("a", 0.0, Retry("535", of_all=True))
    assert talk.is_left_alone("a") and not talk.is_left_alone("b")
    talk.now += 10
    talk.ask("a")
    assert not talk.is_left_alone("a")


def test_others_are_asked_meanwhile_and_it_is_as_before_once_it_answers() -> None:
    talk = Talk()
    with pytest.raises(Retry):
        talk.ask("a", LONG, Retry("lost"))
    assert talk.is_left_alone("a") and not talk.is_left_alone("b")
    talk.ask(None)
    talk.now += 10
    assert not talk.is_left_alone("a")
    with pytest.raises(Retry):
        talk.ask("a", LONG, Retry("lost"))
    talk.now += 10
    assert not talk.is_left_alone("a"), "it counts anew"


@pytest.mark.parametrize(
    ("seconds", "error"), [(LONG / 2, Retry("lost")), (LONG, Rejected("no")), (LONG, None)]
)
def test_who_answers_or_fails_at_once_does_not_hang(seconds: float, error: Exception | None) -> None:
    talk = Talk()
    for _ in range(3):
        try:
            talk.ask("a", seconds, error)
        except (Retry, Rejected) as said:
            assert said is error
    assert not talk.is_left_alone()


@dataclass
class Post:
    """A channel whose server may hang."""

    hangs: bool
    asked: list[str] = field(default_factory=list)

    def server_of(self, notice: Notice) -> str:
        return "one" if self.hangs else "other"

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        self.asked.append(notice.subject)
        if self.hangs:
            raise OutcomeUnknown("the end of the message was not confirmed")
        return Receipt(notice.channel, "M")


def test_one_notice_finds_out_and_those_behind_it_wait_with_nothing_unknown_about_them(
    world: World, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hanging_servers, "LONG", 0.0)
    mail, sms = Post(hangs=True), Post(hangs=False)
    for name in ("A", "B", "C"):
        lapse(world, name, "email")
    lapse(world, "D", "sms")
    only(world)
    send(world, runtime, {"email": mail, "sms": sms})
    assert len(mail.asked) == 1 and sms.asked == ["promise:D"]
    states = [notice(world, f"promise:{name}").state for name in "ABCD"]
    assert sorted(states) == ["pending", "pending", "settled", "unknown"]
