"""Apprise: where a notice goes, what a service's answer means, and that its secrets stay secret."""

from __future__ import annotations

import importlib.util
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from tasks.channels.apprise import AppriseChannel
from tasks.channels.port import Notice, OutcomeUnknown, Rejected, Retry
from tasks.channels.table import configured
from tests.tasks.wire_server import Line, WireServer, answering, http_answer, read_request
from workflow.clock import SystemClock
from workflow.errors import SettingsError
from workflow.settings import Settings

KEY = "case:C-1/3/0"
SECRET = "hush0123456789"


def notice(to: Any) -> Notice:
    """An answer to a post."""
    asked_at = datetime(2026, 3, 2, 10, tzinfo=UTC)
    return Notice(KEY, "case:C-1", "social", to, "news", "We saw it", "A person reads it.", {}, asked_at)


def channel(template: str | None, services: str = "") -> AppriseChannel:
    """For the address field `social`."""
    return AppriseChannel(Settings(apprise_services=services), "social", template)


def test_a_service_of_a_template_is_told_the_words_and_whom_they_are_for() -> None:
    with WireServer(answering(http_answer(200))) as server:
        template = f"json://care:{SECRET}@127.0.0.1:{server.port}/post/{{to}}"
        channel(template).send(notice({"social": "@ada/../l"}), KEY)
    (request,) = server.requests
    assert request.target == "/post/@ada%2F..%2Fl"
    assert b"A person reads it." in request.body


def test_a_recipients_own_address_may_name_the_services_of_the_settings_and_no_other() -> None:
    with WireServer(answering(http_answer(200))) as server:
        own = f"json://127.0.0.1:{server.port}/mine"
        channel(None, "slack, json").send(notice(own), KEY)
        assert [request.target for request in server.requests] == ["/mine"]
        for services in ("", "slack", "jso"):
            with pytest.raises(Rejected, match="apprise-service"):
                channel(f"json://127.0.0.1:{server.port}/{{to}}", services).send(notice(own), KEY)
    assert len(server.requests) == 1


@pytest.mark.parametrize("retry", ["?retry=3&wait=0", "?rto=99&cto=99"])
def test_an_address_cannot_ask_for_repetitions_or_for_more_time(retry: str) -> None:
    with WireServer(answering(http_answer(500))) as server:
        own = f"json://127.0.0.1:{server.port}/mine{retry}"
        with pytest.raises(OutcomeUnknown, match="apprise-500"):
            channel(None, "json").send(notice(own), KEY)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("headers", "after"),
    [(["Retry-After: 7"], 7.0), (["Retry-After: 7200"], 3600.0), (["Retry-After: soon"], None), ([], None)],
)
def test_how_long_a_service_wants_to_be_left_alone(headers: list[str], after: float | None) -> None:
    """Seconds, an hour at most."""
    with WireServer(answering(http_answer(429, b"", *headers))) as server, pytest.raises(Retry) as caught:
        channel(None, "json").send(notice(f"json://127.0.0.1:{server.port}/"), KEY)
    assert caught.value.after == after


def test_of_a_message_in_two_parts_of_which_one_was_refused_nobody_can_say_that_it_was_told() -> None:
    left = [200, 404]

    def talk(line: Line, server: WireServer) -> None:
        read_request(line, server)
        line.say(http_answer(left.pop(0)))

    with WireServer(talk) as server, pytest.raises(OutcomeUnknown, match="apprise-answer"):
        said = notice(f"json://127.0.0.1:{server.port}/?overflow=split")._replace(words="long " * 8000)
        channel(None, "json").send(said, KEY)
    assert len(server.requests) == 2


def test_of_a_service_that_is_not_asked_by_http_nobody_can_tell() -> None:
    """That a chat of the old kind could not be joined does not say when."""
    with pytest.raises(OutcomeUnknown, match="apprise-refused"):
        channel(None, "irc").send(notice("irc://127.0.0.1:9/#ada"), KEY)


def test_neither_words_nor_secrets_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with WireServer(answering(http_answer(403))) as server, pytest.raises(Rejected) as caught:
        template = f"json://care:{SECRET}@127.0.0.1:{server.port}/{SECRET}/{{to}}"
        channel(template).send(notice("ada-l"), KEY)
    logged = "".join(record.getMessage() for record in caplog.records if record.name.startswith("apprise"))
    assert "Failed to send" not in logged
    assert not [one for one in (SECRET, "ada-l", "A person") if one in logged + str(caught.value)]


@pytest.mark.parametrize("template", ["json://host/fixed", "{to}", ""])
def test_a_template_without_a_place_for_the_recipient_is_refused(template: str) -> None:
    with pytest.raises(SettingsError, match="MAKEGOOD_APPRISE_SOCIAL: must be an Apprise URL"):
        channel(template)


def test_without_the_library_the_setting_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"MAKEGOOD_APPRISE_CHAT.*pip install 'makegood\[channels\]'"):
        configured(Settings(apprise_chat=SecretStr("json://h/{to}")), SystemClock())
    assert set(configured(Settings(), SystemClock())) == set()
