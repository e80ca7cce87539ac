"""Twilio: what is asked of it, what its answers mean, and who hears whom when a call is made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import orjson
import pytest
from pydantic import SecretStr

from tasks.channels.port import NobodyThere, Notice, OutcomeUnknown, Rejected, Retry
from tasks.channels.table import configured
from tasks.channels.twilio_sms import TwilioSmsChannel
from tasks.channels.twilio_voice import TwilioVoiceChannel
from tests.tasks.wire_server import WireServer, answering, http_answer
from workflow.clock import SystemClock
from workflow.errors import SettingsError
from workflow.recovery.telephony.twilio import connect_customer, is_genuine, signature
from workflow.settings import Settings

KEY = "callback:C-1/3/0"
TAKEN = http_answer(201, orjson.dumps({"sid": "SM12", "status": "queued"}))
SMS = Notice(
    KEY, "callback:C-1", "sms", {"phone": "+44 (20) 7946-0000"}, "news", "News", "It is on its way. Grüße!",
    {}, datetime(2026, 3, 2, 10, tzinfo=UTC),
)  # fmt: skip
CALL = SMS._replace(
    channel="dial", to={"phone": "+15005550001"}, context={"customer_phone": "+44 20 7946 0000"}
)


def account(url: str = "http://127.0.0.1:9", **changes: Any) -> Settings:
    """A whole account."""
    given: dict[str, Any] = {
        "twilio_account_sid": "AC1",
        "twilio_auth_token": SecretStr("12345"),
        "twilio_from": "+15005550006",
        "twilio_url": url,
        "public_url": "https://care.example",
    }
    return Settings(**given | changes)


def test_a_message_is_one_request_by_the_book() -> None:
    with WireServer(answering(TAKEN)) as server:
        receipt = TwilioSmsChannel(account(server.url)).send(SMS, KEY)
    (request,) = server.requests
    assert request.target == "/2010-04-01/Accounts/AC1/Messages.json"
    assert request.headers["authorization"] == "Basic QUMxOjEyMzQ1"
    assert request.form == {
        "To": "+442079460000",
        "From": "+15005550006",
        "Body": "It is on its way. Grüße!",
        "StatusCallback": "https://care.example/v1/reports/twilio?effect=callback%3AC-1%2F3%2F0",
    }
    assert (receipt.reference, receipt.answer) == ("SM12", "queued")


@pytest.mark.parametrize("written", ["+44 (0)20 7946-0000", "tel:+44-20-7946-0000", "+44 020 7946 0000"])
def test_a_number_is_dialled_however_it_is_written(written: str) -> None:
    with WireServer(answering(TAKEN)) as server:
        TwilioSmsChannel(account(server.url)).send(SMS._replace(to={"phone": written}), KEY)
    assert server.requests[0].form["To"] == "+442079460000"


def test_a_messaging_service_sends_instead_of_the_number_and_reports_need_a_public_url() -> None:
    with WireServer(answering(TAKEN)) as server:
        settings = account(server.url, twilio_messaging_service="MG7", public_url=None)
        TwilioSmsChannel(settings).send(SMS, KEY)
    assert set(server.requests[0].form) == {"To", "MessagingServiceSid", "Body"}


@pytest.mark.parametrize(
    ("status", "said", "means", "rule"),
    [
        (400, {"code": 21610}, NobodyThere, "answered 400 [twilio-21610]"),
        (400, {"code": 21211}, NobodyThere, "answered 400 [twilio-21211]"),
        (400, {"code": 21614}, NobodyThere, "answered 400 [twilio-21614]"),
        (401, {"code": 20003}, Rejected, "[twilio-20003]"),
        (404, {}, Rejected, "[twilio-http-404]"),
        (429, {"code": 20429}, Retry, "[twilio-20429]"),
        (503, None, Retry, "[twilio-http-503]"),
        (500, {"code": 20500}, Retry, "[twilio-20500]"),
        (500, None, OutcomeUnknown, "[twilio-http-500]"),
        (504, None, OutcomeUnknown, "[twilio-http-504]"),
        (201, {"sid": "not one"}, OutcomeUnknown, "[twilio-answer]"),
        (201, ["SM12"], OutcomeUnknown, "[twilio-answer]"),
    ],
)
def test_twilios_code_is_kept_and_its_words_are_not(
    status: int, said: Any, means: type[Exception], rule: str
) -> None:
    body = orjson.dumps({**said, "message": "+442079460000"} if isinstance(said, dict) else said)
    with WireServer(answering(http_answer(status, body))) as server, pytest.raises(means) as caught:
        TwilioSmsChannel(account(server.url)).send(SMS, KEY)
    assert rule in str(caught.value)
    assert "7946" not in str(caught.value)


@pytest.mark.parametrize("channel", [TwilioSmsChannel, TwilioVoiceChannel])
def test_twilio_is_left_alone_for_as_long_as_it_asks(channel: Any) -> None:
    busy = answering(http_answer(429, orjson.dumps({"code": 20429}), "Retry-After: 30"))
    with WireServer(busy) as server, pytest.raises(Retry) as caught:
        channel(account(server.url)).send(CALL if channel is TwilioVoiceChannel else SMS, KEY)
    assert caught.value.after == 30


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"words": "x" * 1601}, "too-long"),
        ({"words": " "}, "no-words"),
        ({"to": {"phone": "020 7946 0000"}}, "phone"),
        ({"to": "ada"}, "phone"),
        ({"to": {"phone": "+44 20 7946 0000 ext. 12"}}, "phone"),
        ({"to": {"phone": "+44 1"}}, "phone"),
    ],
)
def test_what_twilio_would_refuse_is_not_asked(changes: Mapping[str, Any], rule: str) -> None:
    with WireServer(answering(TAKEN)) as server, pytest.raises(Rejected, match=rule):
        TwilioSmsChannel(account(server.url)).send(SMS._replace(**changes), KEY)
    assert server.connections == 0


def test_the_agents_phone_rings_first_and_nobody_is_told_the_customers_number() -> None:
    with WireServer(answering(http_answer(201, b'{"sid": "CA34", "status": "queued"}'))) as server:
        receipt = TwilioVoiceChannel(account(server.url)).send(CALL, KEY)
    (request,) = server.requests
    assert request.target == "/2010-04-01/Accounts/AC1/Calls.json"
    assert request.form["To"] == "+15005550001"
    assert "7946" not in str(request.form)
    gather, hang_up = ElementTree.fromstring(request.form["Twiml"])
    assert (gather.tag, gather.attrib["numDigits"], hang_up.tag) == ("Gather", "1", "Hangup")
    assert gather.attrib["action"] == (
        "https://care.example/v1/calls/twilio/connect?effect=callback%3AC-1%2F3%2F0"
    )
    assert receipt.reference == "CA34"


def test_a_call_needs_a_number_to_connect_and_a_way_for_twilio_to_ask() -> None:
    for context in ({}, {"customer_phone": None}, {"customer_phone": "soon"}):
        with pytest.raises(Rejected, match=r"customer_phone|phone"):
            TwilioVoiceChannel(account()).send(CALL._replace(context=context), KEY)
    for missing in ("public_url", "twilio_from"):
        with pytest.raises(Rejected, match="MAKEGOOD_PUBLIC_URL and MAKEGOOD_TWILIO_FROM"):
            TwilioVoiceChannel(account(**{missing: None})).send(CALL, KEY)
        assert not account(**{missing: None}).can_dial
    assert account().can_dial


@pytest.mark.parametrize(
    ("missing", "named"),
    [("twilio_auth_token", "MAKEGOOD_TWILIO_AUTH_TOKEN"), ("twilio_from", "MAKEGOOD_TWILIO_FROM")],
)
def test_an_account_that_is_set_up_in_part_is_refused_when_a_worker_starts(missing: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        configured(account(**{missing: None}), SystemClock())


CALLED = {"CallSid": "CA1234567890ABCDE", "Digits": "1234", "To": "+18005551212"}


@pytest.mark.parametrize(
    ("caller", "signed"),
    [
        ("+14158675309", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("+14158675310", "GvWf1cFY/Q7PnoempGyD5oXAezc="),
        ("+12349013030", "0/KCTR6DLpKmkAf8muzZqo1nDgQ="),
    ],
)
def test_signatures_are_those_of_twilios_documentation(caller: str, signed: str) -> None:
    url, form = "https://mycompany.com/myapp.php?foo=1&bar=2", CALLED | {"Caller": caller, "From": caller}
    assert signature("12345", url, form.items()) == signed
    assert is_genuine("12345", url, form.items(), signed)
    for other in (url.replace("https", "http"), url + "&", url.replace("1", "2")):
        assert not is_genuine("12345", other, form.items(), signed)
    assert not is_genuine("12346", url, form.items(), signed)
    assert not is_genuine("12345", url, (form | {"Digits": "1"}).items(), signed)
    assert not is_genuine("12345", url, form.items(), "é")


def test_what_stands_in_a_document_for_twilio_cannot_break_out_of_it() -> None:
    document = ElementTree.fromstring(connect_customer("<Say>&", '"/><Say', "https://x/?a=1&b='2'"))
    (dial,) = document
    assert [child.tag for child in dial] == ["Number"]
    assert (dial[0].text, dial.attrib["action"]) == ("<Say>&", "https://x/?a=1&b='2'")
