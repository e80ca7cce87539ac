"""Delivery reports over HTTP: who may bring them, and how Twilio and we speak about a call."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import httpx
import orjson
import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from tests.api.conftest import NOON, House, open_house
from workflow.access.keys import Role
from workflow.engine.cloudevent import CloudEvent
from workflow.outbox.effects import begin, claim, settle
from workflow.recovery.contact.standard_webhooks import sign, webhooks_of
from workflow.recovery.contact.webhook_ids import webhook_id
from workflow.recovery.telephony.twilio import signature
from workflow.store import schema

PUBLIC, TOKEN = "https://care.example/makegood", "12345"
SECRET = "whsec_" + b64encode(b"s" * 32).decode()
OURS, THEIRS = "hooks.shop.example", "*.partner.example"
"""Two receivers of webhooks."""
LINE = """
lifecycle: line
version: 1
data: {said: {type: array}}
triggers:
  ring: {data: {channel: {type: string, required: true}, to: {required: true, personal: true}}}
  dial_news: {data: {news: {type: string, required: true}, call: {type: string}, claim: {type: string}}}
  delivery_news: {data: {news: {type: string, required: true}, code: {type: string}}}
  end: {}
states: [ringing, {name: ended, final: true}]
transitions:
  - trigger: ring
    source: initial
    dest: ringing
    set: {said: []}
    effects:
      - notice:
          to: =event.data.to
          channel: =event.data.channel
          about: callback
          title: A call
          words: A customer waits.
          context: {customer_phone: '+44 (0)20 7946 0000', claim: line:L/2}
  - {trigger: dial_news, source: ringing, set: "{'said': data.said + [event.data.news]}"}
  - {trigger: delivery_news, source: ringing, set: "{'said': data.said + [event.data.news]}"}
  - {trigger: end, source: ringing, dest: ended}
"""


@pytest.fixture(scope="module")
def care(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door with Twilio and webhooks set up."""
    directory: Path = tmp_path_factory.mktemp("care")
    with open_house(
        f"sqlite:///{directory / 'makegood.db'}",
        public_url=PUBLIC,
        twilio_account_sid="AC1",
        twilio_auth_token=SecretStr(TOKEN),
        twilio_from="+15005550006",
        webhook_secret=SecretStr(SECRET),
        webhook_hosts=f"{OURS}, {THEIRS}",
    ) as house:
        house.runtime.registry.register([(LINE, "line.yaml")], NOON)
        yield house


def sent(house: House, name: str, channel: str) -> str:
    """A notice that was handed over and accepted; its key."""
    subject, data = f"line:{name}", {"channel": channel, "to": {"phone": "+15005550001"}}
    engine, store, now = house.runtime.engine, house.runtime.store, house.runtime.clock.now()
    engine.accept([CloudEvent(f"ring-{name}", "/tests", "line.ring", subject, now, data)])
    house.apply()
    (row,) = [one for one in claim(store, now, timedelta(minutes=2), 10) if one.subject == subject]
    with store.begin() as transaction:
        begin(transaction, [row.id], row.token, now, timedelta(minutes=2))
    receipt = {
        "channel": channel,
        "reference": "SM1",
        "answer": "queued",
        "outcome": "accepted",
        "receiver": OURS,
    }
    settle(store, [(row.id, receipt)], now)
    return row.key


def from_twilio(
    house: House, path: str, form: Mapping[str, str], token: str = TOKEN, **query: str
) -> httpx.Response:
    """As Twilio posts to an address that it was given."""
    asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    address = f"{path}?{asked}" if asked else path
    signed = signature(token, f"{PUBLIC}{address}", form.items())
    return house.http.post(address, data=dict(form), headers={"X-Twilio-Signature": signed})


def said(house: House, name: str) -> list[str]:
    """What the subject has heard."""
    house.apply()
    answer = house.get(f"/v1/subjects/line:{name}").json()
    return list(answer["data"]["said"])


def receipt(house: House, key: str) -> dict[str, Any]:
    """What is kept with the notice."""
    with house.runtime.store.connect() as connection:
        outbox = schema.outbox
        found = connection.execute(outbox.select().where(outbox.c.key == key)).one()
    return dict(found.receipt)


def test_twilios_report_on_a_message_is_taken_once(care: House) -> None:
    key = sent(care, "M1", "sms")
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003", "To": "+442079460000"}
    for _ in range(2):
        answer = from_twilio(care, "/v1/reports/twilio", form, effect=key)
        assert (answer.status_code, answer.text) == (200, "<Response><Hangup/></Response>")
    assert said(care, "M1") == ["failed"]
    assert (receipt(care, key)["outcome"], receipt(care, key)["code"]) == ("failed", "30003")
    passing = from_twilio(care, "/v1/reports/twilio", form | {"MessageStatus": "sent"}, effect=key)
    unheard = from_twilio(care, "/v1/reports/twilio", form | {"MessageStatus": "new word"}, effect=key)
    assert passing.status_code == unheard.status_code == 200
    assert said(care, "M1") == ["failed"]


def test_what_twilio_has_not_signed_is_refused_and_changes_nothing(care: House) -> None:
    key = sent(care, "M2", "sms")
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    path = "/v1/reports/twilio"
    asked = f"{path}?effect={quote(key, safe='')}"
    signed = signature(TOKEN, f"{PUBLIC}{asked}", form.items())
    forged = [
        from_twilio(care, path, form, token="guessed", effect=key),
        care.http.post(asked, data=form),
        care.http.post(asked, data=form, headers=care.bearer()),
        care.http.post(
            asked, data=form | {"MessageStatus": "failed"}, headers={"X-Twilio-Signature": signed}
        ),
        care.http.post(f"{asked}&leg=customer", data=form, headers={"X-Twilio-Signature": signed}),
        from_twilio(care, "/v1/calls/twilio/connect", {"Digits": "1"}, token="guessed", effect=key),
    ]
    for answer in forged:
        assert answer.status_code == 403
        assert answer.json()["errors"][0]["rule"] == "signature"
    assert said(care, "M2") == []
    assert receipt(care, key)["outcome"] == "accepted"


def test_a_report_that_fits_nothing_says_so(care: House, tmp_path: Path) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    assert from_twilio(care, "/v1/reports/twilio", form, effect="line:none/1/0").status_code == 404
    assert from_twilio(care, "/v1/reports/twilio", form).status_code == 422
    assert care.http.post("/v1/reports/twilio", content=b"x" * 20_000).status_code == 413
    with open_house(f"sqlite:///{tmp_path / 'makegood.db'}") as without:
        away = without.http.post("/v1/reports/twilio?effect=a", data=form)
    assert (away.status_code, away.json()["errors"][0]["rule"]) == (404, "twilio")


def test_the_customer_is_connected_only_with_an_agent_who_has_pressed_the_key(care: House) -> None:
    key = sent(care, "C1", "dial")
    connect, call = "/v1/calls/twilio/connect", {"CallSid": "CA1"}
    for digits in ("", "2", "11"):
        nobody = from_twilio(care, connect, call | {"Digits": digits}, effect=key)
        assert "2079460000" not in nobody.text
    assert said(care, "C1") == []
    there = from_twilio(care, connect, call | {"Digits": "1"}, effect=key)
    ((number,),) = ElementTree.fromstring(there.text)
    assert (number.tag, number.text) == ("Number", "+442079460000")
    assert there.headers["content-type"].startswith("application/xml")
    assert said(care, "C1") == ["ringing"]
    over = {"CallSid": "CA1", "DialCallStatus": "completed", "CallStatus": "in-progress"}
    from_twilio(care, "/v1/reports/twilio", over, effect=key, leg="customer")
    from_twilio(care, "/v1/reports/twilio", call | {"CallStatus": "completed"}, effect=key)
    assert said(care, "C1") == ["ringing", "connected"]
    assert receipt(care, key)["outcome"] == "delivered"


@pytest.mark.parametrize(
    ("form", "leg", "news"),
    [
        ({"CallStatus": "no-answer"}, None, "agent_no_answer"),
        ({"CallStatus": "busy"}, None, "agent_no_answer"),
        ({"CallStatus": "completed"}, None, "agent_no_answer"),
        ({"DialCallStatus": "no-answer"}, "customer", "no_answer"),
        ({"DialCallStatus": "busy"}, "customer", "busy"),
        ({"DialCallStatus": "failed"}, "customer", "failed"),
    ],
)
def test_who_did_not_answer_is_told_apart(
    care: House, form: Mapping[str, str], leg: str | None, news: str
) -> None:
    """An agent's mailbox that answered has pressed no key: the agent was not there."""
    name = f"{news}-{form.get('CallStatus', '')}"
    key = sent(care, name, "dial")
    query = {"effect": key} | ({} if leg is None else {"leg": leg})
    from_twilio(care, "/v1/reports/twilio", {"CallSid": "CA1", **form}, **query)
    assert said(care, name) == [news]


def test_a_call_that_is_not_needed_any_more_is_not_put_through(care: House) -> None:
    key = sent(care, "C2", "dial")
    now = care.runtime.clock.now()
    care.runtime.engine.accept([CloudEvent("end-C2", "/tests", "line.end", "line:C2", now)])
    care.apply()
    answer = from_twilio(care, "/v1/calls/twilio/connect", {"CallSid": "CA1", "Digits": "1"}, effect=key)
    assert "no longer needed" in answer.text
    assert "2079460000" not in answer.text


def test_other_channels_report_with_a_key(care: House) -> None:
    key = sent(care, "W1", "webhook")
    body = {"effect": key, "status": "failed", "code": "mailbox-full"}
    assert care.http.post("/v1/reports/webhook", json=body).status_code == 401
    desk = care.http.post("/v1/reports/webhook", json=body, headers=care.bearer(Role.DESK))
    assert desk.status_code == 403
    answers = [care.http.post("/v1/reports/webhook", json=body, headers=care.bearer()) for _ in range(2)]
    assert [answer.json()["status"] for answer in answers] == ["accepted", "duplicate"]
    assert {answer.status_code for answer in answers} == {202}
    known = care.http.post("/v1/reports/webhook", json=body | {"status": "accepted"}, headers=care.bearer())
    assert known.json() == {"status": "known", "subject": None}
    assert said(care, "W1") == ["failed"]


def test_another_status_under_the_id_of_a_former_report_is_an_error(care: House) -> None:
    """A channel that takes its message's number for the report's would never be heard to the end."""
    body = {"effect": sent(care, "W3", "webhook"), "status": "failed", "id": "message-1"}

    def report(**changes: str) -> httpx.Response:
        return care.http.post("/v1/reports/webhook", json=body | changes, headers=care.bearer())

    assert [report().json()["status"] for _ in range(2)] == ["accepted", "duplicate"]
    refused = report(status="delivered")
    assert (refused.status_code, refused.json()["errors"][0]["rule"]) == (409, "other-content")
    assert report(status="delivered", id="message-1/delivered").json()["status"] == "accepted"
    assert said(care, "W3") == ["failed", "delivered"]


@pytest.mark.parametrize(
    ("path", "changes", "status", "field"),
    [
        ("email", {}, 422, "channel"),
        ("webhook", {"status": "lost"}, 422, "body.status"),
        ("webhook", {"effect": ""}, 422, "body.effect"),
        ("webhook", {"more": 1}, 422, "body.more"),
        ("webhook", {"effect": "line:none/1/0"}, 404, "path"),
        ("Web-Hook", {}, 422, "path.channel"),
    ],
)
def test_a_wrong_report_names_the_field(
    care: House, path: str, changes: Mapping[str, Any], status: int, field: str
) -> None:
    key = sent(care, f"W-{field}-{status}", "webhook")
    body = {"effect": key, "status": "delivered"} | changes
    answer = care.http.post(f"/v1/reports/{path}", json=body, headers=care.bearer())
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field)
    assert receipt(care, key)["outcome"] == "accepted"


AWKWARD = "Müller #1+2(a)@50%25/😀"
"""Characters of a key that a header cannot carry, or that stand for others in one."""


@pytest.mark.parametrize("encoded", [True, False], ids=["by webhook-id", "by key"])
def test_a_report_finds_any_key_under_either_of_its_names(care: House, encoded: bool) -> None:
    name = f"{AWKWARD}{encoded}".replace(" ", "_")
    key = sent(care, name, "webhook")
    body = orjson.dumps({"effect": webhook_id(key) if encoded else key, "status": "delivered"})
    signed = sign(webhooks_of(SECRET, OURS), "r-1", NOON, body.decode())
    answer = care.http.post("/v1/reports/webhook", content=body, headers=signed)
    assert (answer.status_code, receipt(care, key)["outcome"]) == (202, "delivered"), answer.text


def test_a_name_of_two_notices_is_refused_and_each_has_one_of_its_own(care: House) -> None:
    plus, percent = sent(care, "twice+", "webhook"), sent(care, "twice%2B", "webhook")

    def report(effect: str) -> httpx.Response:
        body = {"effect": effect, "status": "delivered"}
        return care.http.post("/v1/reports/webhook", json=body, headers=care.bearer())

    both = report(webhook_id(plus))
    assert (both.status_code, both.json()["errors"][0]["rule"]) == (422, "ambiguous")
    assert [receipt(care, key)["outcome"] for key in (plus, percent)] == ["accepted", "accepted"]
    assert report(plus).status_code == report(webhook_id(percent)).status_code == 202
    assert [receipt(care, key)["outcome"] for key in (plus, percent)] == ["delivered", "delivered"]


@pytest.mark.parametrize("said", ["line:%ff/1/0", "line:%00/1/0", "line:%ed%a0%80/1/0"])
def test_a_name_that_encodes_no_key_is_not_found(care: House, said: str) -> None:
    body = {"effect": said, "status": "delivered"}
    assert care.http.post("/v1/reports/webhook", json=body, headers=care.bearer()).status_code == 404


def test_who_gets_our_webhooks_reports_with_their_signature(care: House) -> None:
    key = sent(care, "W2", "webhook")
    body = orjson.dumps({"effect": key, "status": "delivered"})
    signed = sign(webhooks_of(SECRET, OURS), "r-1", NOON, body.decode())
    old = sign(webhooks_of(SECRET, OURS), "r-1", NOON - timedelta(minutes=6), body.decode())
    other = sign([Webhook(b"x" * 32)], "r-1", NOON, body.decode())
    of_all = sign([Webhook(b"s" * 32)], "r-1", NOON, body.decode())
    for headers in (old, other, of_all, signed | {"webhook-id": "r-2"}):
        assert care.http.post("/v1/reports/webhook", content=body, headers=headers).status_code == 401
    assert care.http.post("/v1/reports/email", content=body, headers=signed).status_code == 401
    assert care.http.post("/v1/reports/webhook", content=body, headers=signed).status_code == 202
    assert said(care, "W2") == ["delivered"]


def test_a_receiver_says_nothing_about_what_went_to_another(care: House) -> None:
    key = sent(care, "theirs", "webhook")
    body = orjson.dumps({"effect": key, "status": "failed"})
    signed = sign(webhooks_of(SECRET, THEIRS), "r-1", NOON, body.decode())
    answer = care.http.post("/v1/reports/webhook", content=body, headers=signed)
    assert (answer.status_code, answer.json()["errors"][0]["rule"]) == (403, "not-yours")
    assert receipt(care, key)["outcome"] == "accepted" and said(care, "theirs") == []
