"""Email over a real SMTP server: what arrives, and what each way of failing means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from tasks.channels.port import ChannelError, NobodyThere, Notice, OutcomeUnknown, Rejected, Retry
from tasks.channels.smtp import SmtpChannel
from tests.tasks.mail_server import Behaviour, MailServer
from tests.tasks.smtp_talk import smtp_talk
from tests.tasks.wire_server import WireServer
from workflow.embedded.ports import free_port
from workflow.errors import SettingsError
from workflow.settings import Settings

KEY = "promise:P-1/3/0"


def notice(**changes: Any) -> Notice:
    """An apology."""
    said: dict[str, Any] = {
        "key": KEY,
        "subject": "promise:P-1",
        "channel": "email",
        "to": {"name": "Ada", "email": "ada@example.com"},
        "about": "broken_promise",
        "title": "We have not kept our word",
        "words": "You need not ask: a person is looking after it now.",
        "context": {"promise": "promise:P-1"},
        "asked_at": datetime(2026, 3, 2, 10, tzinfo=UTC),
    }
    return Notice(**said | changes)


def channel(port: int, **settings: Any) -> SmtpChannel:
    """Towards the server on this port."""
    return SmtpChannel(Settings(smtp_port=port, smtp_from="Care <care@shop.example>", **settings))


def test_a_notice_arrives_as_a_message_that_can_be_recognised_by_its_id() -> None:
    with MailServer() as server:
        receipts = [channel(server.port).send(notice(), KEY) for _ in range(2)]
    first, second = server.behaviour.messages()
    assert (first["From"], first["To"]) == ("Care <care@shop.example>", "ada@example.com")
    assert first["Subject"] == "We have not kept our word"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Date"].datetime == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert first.get_content().strip() == "You need not ask: a person is looking after it now."
    assert first["Message-ID"] == second["Message-ID"] == receipts[0].reference
    assert receipts[0] == receipts[1]
    envelope = server.behaviour.received[0]
    assert (envelope.mail_from, envelope.rcpt_tos) == ("care@shop.example", ["ada@example.com"])


@pytest.mark.parametrize(
    "words",
    [
        "Grüße aus Köln ☕",
        ".a line with a dot\n..and two\n.\nnot the end",
        "long " * 500,
        "no newline at the end",
        "From here on",
    ],
)
def test_words_arrive_as_they_were_said(words: str) -> None:
    with MailServer() as server:
        channel(server.port).send(notice(words=words, title="Ä " + words[:20].replace("\n", " ")), KEY)
    (message,) = server.behaviour.messages()
    assert message.get_content().replace("\r\n", "\n").rstrip("\n") == words


def test_an_address_beyond_ascii_needs_a_server_that_knows_them() -> None:
    to = "jörg@example.com"
    with MailServer(enable_SMTPUTF8=True) as server:
        channel(server.port).send(notice(to=to), KEY)
        assert server.behaviour.received[0].rcpt_tos == [to]
    with MailServer(enable_SMTPUTF8=False) as server, pytest.raises(Rejected, match="smtputf8"):
        channel(server.port).send(notice(to=to), KEY)


def test_a_host_beyond_ascii_is_known_to_every_server_by_another_name() -> None:
    with MailServer(enable_SMTPUTF8=False) as server:
        channel(server.port).send(notice(to="Ada <ada@straße.example>"), KEY)
        assert server.behaviour.received[0].rcpt_tos == ["ada@xn--strae-oqa.example"]


def test_a_server_that_does_not_let_us_in_would_say_so_of_every_notice() -> None:
    with WireServer(smtp_talk("greeting", lambda line: line.say(b"554 5.7.1 no\r\n"))) as server:
        with pytest.raises(Retry, match="SMTPConnectError 554") as caught:
            channel(server.port).send(notice(), KEY)
        assert caught.value.of_all and "smtp-554" in caught.value.rules
    with pytest.raises(Retry) as caught:
        channel(free_port()).send(notice(), KEY)
    assert not caught.value.of_all, "who is gone may be there at once"


def test_a_login_that_cannot_be_said_is_refused_when_a_worker_starts() -> None:
    with pytest.raises(SettingsError, match="MAKEGOOD_SMTP_PASSWORD") as caught:
        channel(1, smtp_user="ada", smtp_password=SecretStr("pässword"))
    assert "ssword" not in str(caught.value)


@pytest.mark.parametrize(
    ("behaviour", "expected", "rule"),
    [
        (Behaviour(recipient="550 5.1.1 no such user"), NobodyThere, "550 5.1.1 to the recipient"),
        (Behaviour(recipient="550 No such user here"), NobodyThere, "550 to the recipient"),
        (Behaviour(message="550 5.1.1 unknown"), NobodyThere, "550 5.1.1 to the message"),
        (Behaviour(recipient="451 4.7.1 greylisted"), Retry, "451 4.7.1 to the recipient"),
        (Behaviour(message="552 too large"), Rejected, "552 to the message"),
        (Behaviour(message="452 later"), Retry, "452 to the message"),
        (Behaviour(hangs_up="recipient"), Retry, "smtp-lost-early"),
        (Behaviour(hangs_up="message"), OutcomeUnknown, "smtp-lost"),
    ],
)
def test_each_way_of_failing_means_what_can_be_known(
    behaviour: Behaviour, expected: type[Exception], rule: str
) -> None:
    with MailServer(behaviour) as server, pytest.raises(expected, match=rule) as caught:
        channel(server.port).send(notice(), KEY)
    assert "ada@example.com" not in str(caught.value), "errors name nobody"
    answered = [f"smtp-{word}" for word in rule.split() if word.isdigit()]
    assert isinstance(caught.value, ChannelError) and caught.value.rules >= set(answered)


@pytest.mark.parametrize(
    "answer", ["550 5.7.1 blocked", "550 mailbox unavailable", "553 relaying denied (#5.7.1)"]
)
def test_a_refusal_that_may_be_about_us_says_nothing_of_the_address(answer: str) -> None:
    with MailServer(Behaviour(recipient=answer)) as server, pytest.raises(Rejected) as caught:
        channel(server.port).send(notice(), KEY)
    assert not isinstance(caught.value, NobodyThere)


def test_an_address_with_a_name_is_the_address() -> None:
    with MailServer() as server:
        channel(server.port).send(notice(to={"email": "Ada Roth <ada@example.com>"}), KEY)
        assert server.behaviour.received[0].rcpt_tos == ["ada@example.com"]
    with MailServer() as server, pytest.raises(NobodyThere, match="email-address"):
        channel(server.port).send(notice(to={"email": "at home"}), KEY)


def test_a_server_that_is_away_or_speaks_in_the_clear_is_tried_again_later() -> None:
    with pytest.raises(Retry, match="smtp-connect"):
        channel(free_port()).send(notice(), KEY)
    with MailServer() as server:
        with pytest.raises(Retry, match="smtp-connect"):
            channel(server.port, smtp_starttls=True).send(notice(), KEY)
        assert server.behaviour.received == []


@pytest.mark.parametrize(
    "to",
    [
        {"phone": "+49"},
        {},
        "",
        None,
        "ada@example.com\r\nBcc: everybody@example.com",
        "ada@example.com\nBcc: everybody@example.com",
        "not an address",
        {"email": ["ada@example.com"]},
    ],
)
def test_what_is_no_address_is_refused_before_anybody_is_asked(to: Any) -> None:
    with MailServer() as server:
        with pytest.raises(Rejected, match=r"to\.email"):
            channel(server.port).send(notice(to=to), KEY)
        assert server.behaviour.received == []


def test_a_title_of_several_lines_stays_one_header() -> None:
    with MailServer() as server:
        channel(server.port).send(notice(title="Late\r\nBcc: everybody@example.com"), KEY)
    (message,) = server.behaviour.messages()
    assert message["Subject"] == "Late Bcc: everybody@example.com"
    assert message["Bcc"] is None
