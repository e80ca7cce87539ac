"""Webhooks out: signed by the standard, to configured places alone, the same however often they are tried."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from tasks.channels import http_post
from tasks.channels.port import NobodyThere, Notice, Rejected, Retry
from tasks.channels.webhook import WebhookChannel
from tests.servers.certificates import certificates
from tests.servers.tls_front import tls_front
from tests.tasks.wire_server import WireServer, answering, http_answer
from workflow.clock import SystemClock, VirtualClock
from workflow.errors import SettingsError
from workflow.recovery.contact.receivers import Receivers
from workflow.recovery.contact.standard_webhooks import is_genuine, receiver_secrets, sign, webhooks_of
from workflow.settings import Settings

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
OLD, NEW = ("whsec_" + b64encode(letter * 32).decode() for letter in (b"o", b"n"))
KEY = "promise:Müller 1/3/0"


def notice(url: str) -> Notice:
    """For a system of the customer's own."""
    context = {"promise": "promise:P-1", "amount": 1.5}
    return Notice(KEY, "promise:P-1", "webhook", {"url": url}, "news", "News", "Grüße", context, NOW)


OURS = "hooks.example"
"""A receiver."""


def channel(hosts: str, secret: str = NEW) -> WebhookChannel:
    """With a clock that stands still."""
    settings = Settings(webhook_secret=SecretStr(secret), webhook_hosts=hosts, channel_seconds=5)
    return WebhookChannel(settings, VirtualClock(NOW))


def test_the_standards_own_library_verifies_what_is_sent() -> None:
    settings = Settings(webhook_secret=SecretStr(f"{NEW} {OLD}"), webhook_hosts="")
    with WireServer(answering(http_answer(202))) as server:
        there = settings.model_copy(update={"webhook_hosts": server.url})
        WebhookChannel(there, SystemClock()).send(notice(f"{server.url}/in?x=1"), KEY)
    (request,) = server.requests
    for secret in receiver_secrets(f"{NEW} {OLD}", server.url):
        said = Webhook(secret).verify(request.body, request.headers)
        assert said["data"]["words"] == "Grüße"
    assert said["type"] == "makegood.notice"
    assert request.target == "/in?x=1"
    assert request.headers["webhook-id"] == "promise:M%C3%BCller%201/3/0", "a header is ASCII"


def test_another_try_has_the_same_id_and_the_same_body() -> None:
    with WireServer(answering(http_answer(500))) as server:
        for _ in range(2):
            with pytest.raises(Retry, match="webhook-500"):
                channel(server.url).send(notice(server.url), KEY)
    first, second = server.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert orjson.loads(first.body)["timestamp"] == "2026-03-02T10:00:00Z"


@pytest.mark.parametrize(
    ("status", "means"),
    [
        (400, Rejected),
        (404, Rejected),
        (410, NobodyThere),
        (408, Retry),
        (425, Retry),
        (429, Retry),
        (503, Retry),
    ],
)
def test_a_status_means_what_it_says(status: int, means: type[Exception]) -> None:
    with (
        WireServer(answering(http_answer(status))) as server,
        pytest.raises(means, match=f"webhook-{status}"),
    ):
        channel(server.url).send(notice(server.url), KEY)


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        (["Retry-After: 7"], 7.0),
        (["Retry-After: 7200"], 3600.0),
        (["Retry-After: 9999999999999999999"], 3600.0),
        (["Retry-After: Mon, 02 Mar 2026 10:05:00 GMT", "Date: Mon, 02 Mar 2026 10:00:00 GMT"], 300.0),
        (["Retry-After: Mon, 02 Mar 2026 18:00:00 GMT", "Date: Mon, 02 Mar 2026 10:00:00 GMT"], 3600.0),
        (["Retry-After: Mon, 02 Mar 2026 09:00:00 GMT", "Date: Mon, 02 Mar 2026 10:00:00 GMT"], 0.0),
        (["Retry-After: Mon, 02 Mar 2026 10:05:00 GMT"], None),
        (["Retry-After: soon"], None),
        (
            ["Retry-After: Mon, 02 Mar 2026 10:05:00 +9999999999999", "Date: Mon, 02 Mar 2026 10:00:00 GMT"],
            None,
        ),
        (["Retry-After: -7"], None),
        ([], None),
    ],
)
def test_how_long_the_receiver_wants_to_be_left_alone(headers: list[str], after: float | None) -> None:
    """Seconds, or a date that counts from the date of the answer; an hour at most (RFC 9110, 10.2.3)."""
    with WireServer(answering(http_answer(503, b"", *headers))) as server, pytest.raises(Retry) as caught:
        channel(server.url).send(notice(server.url), KEY)
    assert caught.value.after == after


@pytest.mark.parametrize("location", ["http://[::1", "mailto:care@shop.example", "http://a/" + "x" * 70_000])
def test_a_redirect_is_refused_wherever_it_leads(location: str) -> None:
    with (
        WireServer(answering(http_answer(302, b"", f"Location: {location}"))) as server,
        pytest.raises(Rejected, match="webhook-302"),
    ):
        channel(server.url).send(notice(server.url), KEY)


def test_a_status_that_came_holds_though_no_time_is_left_for_its_body(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As where it came so late that the time for all of it ends before that for its body."""

    async def endless(*_: object) -> bytes:
        await asyncio.Event().wait()
        return b""

    monkeypatch.setattr(http_post, "_body", endless)
    settings = Settings(webhook_secret=SecretStr(NEW), channel_seconds=3.0)
    with WireServer(answering(http_answer(200))) as server:
        there = settings.model_copy(update={"webhook_hosts": server.url})
        assert WebhookChannel(there, VirtualClock(NOW)).send(notice(server.url), KEY).answer == "200"


@pytest.mark.parametrize("names", ["IP:127.0.0.1", "DNS:other.example"], ids=["nobody's", "another's"])
def test_a_certificate_that_is_not_trusted_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: str
) -> None:
    made = certificates(tmp_path, names)
    if "other" in names:
        context = ssl.create_default_context(cafile=made.authority)
        monkeypatch.setattr(http_post, "trusted_certificates", lambda: context)
    with WireServer(answering(http_answer(200))) as server, tls_front(server.port, made) as port:
        url = f"https://127.0.0.1:{port}"
        with pytest.raises(Retry, match="certificate-not-trusted"):
            channel(url).send(notice(url), KEY)
        assert server.requests == []


@pytest.mark.parametrize(
    ("url", "word"), [("http://127.0.0.1:1", "not-connected"), ("http://no-such.invalid", "host-not-found")]
)
def test_why_nobody_was_reached_is_named(url: str, word: str) -> None:
    with pytest.raises(Retry, match=f"webhook: {word}"):
        channel(url).send(notice(url), KEY)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://hooks.example/a", True),
        ("https://HOOKS.example:443/a", True),
        ("https://deep.partner.example/a", True),
        ("http://10.0.0.7:8000/a", True),
        ("https://partner.example/a", False),
        ("https://evilpartner.example/a", False),
        ("http://hooks.example/a", False),
        ("https://hooks.example:8443/a", False),
        ("https://hooks.example.evil.test/a", False),
        ("https://evil.test/?https://hooks.example/", False),
        ("https://hooks.example@evil.test/", False),
        ("https://ada:pw@hooks.example/", False),
        ("https://hooks.example/\r\nX: y", False),
        ("https://hooks.example:port/", False),
        ("http://169.254.169.254/latest", False),
        ("http://10.0.0.7:80/", False),
        ("https://[::1]/", False),
        ("file:///etc/passwd", False),
        ("//hooks.example/", False),
    ],
)
def test_a_webhook_goes_to_configured_origins_alone(url: str, allowed: bool) -> None:
    receivers = Receivers.of("hooks.example, *.partner.example, http://10.0.0.7:8000")
    if allowed:
        assert receivers.of_url(url) in receivers.allowed
        return
    with pytest.raises(Rejected) as caught:
        channel(", ".join(receivers.allowed)).send(notice(url), KEY)
    assert url not in str(caught.value)


@pytest.mark.parametrize("hosts", ["ftp://x", "https://", "https://x:port"])
def test_an_origin_that_is_none_is_refused_when_a_worker_starts(hosts: str) -> None:
    with pytest.raises(SettingsError, match="MAKEGOOD_WEBHOOK_HOSTS"):
        channel(hosts)


@pytest.mark.parametrize("secret", ["hush", "whsec_", "whsec_aHVzaA==", "whsec_???", " "])
def test_a_secret_that_is_none_is_refused_and_not_quoted(secret: str) -> None:
    with pytest.raises(SettingsError) as caught:
        channel("", secret)
    assert "MAKEGOOD_WEBHOOK_SECRET" in str(caught.value)
    assert "aHVzaA" not in str(caught.value)


def _tampered(**changes: Any) -> bool:
    """Whether a request with these changes still counts as signed by us."""
    headers = sign(webhooks_of(NEW, OURS), "e-1", NOW, "{}")
    given = {
        "webhooks": webhooks_of(f"{OLD} {NEW}", OURS),
        "identity": "e-1",
        "timestamp": headers["webhook-timestamp"],
        "signatures": headers["webhook-signature"],
        "body": b"{}",
        "now": NOW,
    }
    return is_genuine(**given | changes)


def test_a_signature_holds_for_this_body_this_id_and_these_minutes() -> None:
    headers = sign(webhooks_of(NEW, OURS), "e-1", NOW, "{}")
    (own,) = receiver_secrets(NEW, OURS)
    assert headers["webhook-signature"] == Webhook(own).sign("e-1", NOW, "{}")
    assert not _tampered(webhooks=webhooks_of(NEW, "hooks.other.example"))
    assert _tampered()
    assert _tampered(now=NOW + timedelta(minutes=5))
    assert not _tampered(now=NOW + timedelta(minutes=5, seconds=1))
    assert not _tampered(now=NOW - timedelta(minutes=6))
    assert not _tampered(body=b"{ }")
    assert not _tampered(identity="e-2")
    assert not _tampered(timestamp="²")
    assert not _tampered(timestamp=str(int(NOW.timestamp()) + 1))
    assert not _tampered(timestamp="9" * 12)
    assert not _tampered(body=b"\xff")
    assert not _tampered(signatures="")
    assert not _tampered(signatures="v1")
    assert not _tampered(signatures=headers["webhook-signature"].replace("v1,", "v1a,"))
    assert not _tampered(webhooks=webhooks_of(OLD, OURS))


def test_a_notice_without_an_address_is_refused() -> None:
    with pytest.raises(Rejected, match=r"to\.url"):
        channel("hooks.example").send(notice("")._replace(to={"phone": "+49"}), KEY)
