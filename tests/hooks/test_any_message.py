"""Whatever is posted to a route, signed: it is answered, never with a fault of ours, and becomes all events
or none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import func, select

from tests.api.conftest import House, open_house
from tests.hooks.conftest import signed
from tests.hooks.signing import PUBLIC_URL, SECRETS
from tests.hooks.stories import Delivery, recorded_routes, story_of
from tests.short_run import examples
from workflow.store import schema

ROUTES = recorded_routes()
_TEXT = st.text(max_size=30)
_SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | _TEXT
JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)
_HEADERS = {
    "x-github-event": st.sampled_from(["issues", "issue_comment", "ping", "push", ""]),
    "x-github-delivery": st.text("abc0123456789-", max_size=300),
    "x-atlassian-webhook-identifier": st.text("abc0123456789-", max_size=40),
}
_MANY = settings(
    max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door with every ready route; one store is enough, for what is posted never reaches its dialect."""
    url = f"sqlite:///{tmp_path_factory.mktemp('any') / 'makegood.db'}"
    secrets = SecretStr(json.dumps({name: SECRETS[name] for name in ROUTES}))
    with open_house(url, public_url=PUBLIC_URL, route_secrets=secrets) as opened:
        yield opened


def stored(house: House) -> tuple[int, int]:
    """How many events there are, and how many messages are kept, with how often they came."""
    with house.runtime.store.connect() as connection:
        events = connection.scalar(select(func.count()).select_from(schema.events)) or 0
        kept = connection.scalar(select(func.sum(schema.unmapped.c.times))) or 0
    return events, kept


def judge(house: House, route: str, body: bytes, headers: dict[str, str]) -> None:
    """Post it and hold what was answered against what was stored."""
    events, kept = stored(house)
    head = headers | signed(route, body)
    answer = house.http.post(f"/v1/hooks/{route}", content=body, headers=head)
    assert answer.status_code in (200, 202), answer.text
    events_now, kept_now = stored(house)
    if answer.headers["content-type"] != "application/json":
        assert events_now == events or kept_now == kept
        return
    said: dict[str, Any] = answer.json()
    fresh = sum(one["status"] == "accepted" for one in said["events"])
    assert events_now - events == fresh
    assert kept_now - kept == (said["status"] == "kept")
    assert bool(said["events"]) == (said["status"] in ("accepted", "duplicate"))


@_MANY
@given(
    route=st.sampled_from([one for one in ROUTES if one not in ("twilio", "mail")]),
    value=JSON,
    data=st.data(),
)
def test_any_json(house: House, route: str, value: Any, data: st.DataObject) -> None:
    headers = {name: data.draw(texts) for name, texts in _HEADERS.items()}
    judge(house, route, json.dumps(value).encode(), headers)


def _changed(draw: st.DrawFn, value: Any) -> Any:
    """The same value with one part of it replaced, or left out."""
    if isinstance(value, dict) and value and draw(st.integers(0, 5)):
        name = draw(st.sampled_from(sorted(value)))
        if draw(st.integers(0, 4)) == 0:
            return {key: one for key, one in value.items() if key != name}
        return {**value, name: _changed(draw, value[name])}
    if isinstance(value, list) and value and draw(st.booleans()):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], _changed(draw, value[place]), *value[place + 1 :]]
    return draw(JSON)


@st.composite
def nearly_recorded(draw: st.DrawFn) -> tuple[Delivery, bytes]:
    """A recorded message in which something is otherwise."""
    every = [one for route in ROUTES for one in story_of(route) if one.file.suffix == ".json"]
    one = draw(st.sampled_from(every))
    value = json.loads(one.body)
    for _ in range(draw(st.integers(1, 3))):
        value = _changed(draw, value)
    return one, json.dumps(value).encode()


@settings(_MANY, max_examples=examples(100))
@given(nearly_recorded())
def test_what_is_nearly_what_a_system_posts(house: House, made: tuple[Delivery, bytes]) -> None:
    one, body = made
    judge(house, one.route, body, one.head)


@_MANY
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "MessageSid",
                "CallSid",
                "CallStatus",
                "From",
                "To",
                "Body",
                "NumMedia",
                "SmsStatus",
                "Direction",
                "x",
            ]
        ),
        st.sampled_from(["", "no-answer", "received", "STOP", "+4930901820", "x" * 300, "\x00", "é"]),
    )
)
def test_any_form(house: House, fields: dict[str, str]) -> None:
    judge(house, "twilio", urlencode(fields).encode(), {"Content-Type": "application/x-www-form-urlencoded"})


@_MANY
@given(st.binary(max_size=400))
def test_any_bytes_as_a_mail(house: House, raw: bytes) -> None:
    judge(house, "mail", raw, {"Content-Type": "message/rfc822"})


_FIELDS = (
    *("From", "To", "Subject", "Date", "Message-ID", "References", "In-Reply-To", "Content-Type"),
    *("Content-Transfer-Encoding", "Content-Disposition", "Auto-Submitted", "Delivered-To"),
)
_LINE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=60)


@_MANY
@given(
    names=st.lists(
        st.sampled_from(_FIELDS),
        max_size=12),
    lines=st.lists(_LINE, min_size=12, max_size=12),
    words=st.text(max_size=200),
)  # fmt: skip
def test_any_header_fields_of_a_mail(house: House, names: list[str], lines: list[str], words: str) -> None:
    head = "\r\n".join(f"{name}: {line}" for name, line in zip(names, lines, strict=False))
    raw = f"{head}\r\n\r\n{words}".encode("utf-8", "surrogatepass")
    judge(house, "mail", raw, {"Content-Type": "message/rfc822"})


def test_a_mail_of_many_parts_within_parts_is_read_as_far_as_it_may_be(house: House) -> None:
    mail = EmailMessage()
    mail["From"], mail["Message-ID"] = "kim@mail.example", "<deep@mail.example>"
    mail.set_content("Hello")
    raw = mail.as_bytes().replace(b"Content-Type: text/plain", b"X: y\nContent-Type: text/plain")
    deep = b"From: kim@mail.example\nMessage-ID: <deep@mail.example>\n"
    for level in range(100):
        deep += b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (level, level)
    judge(house, "mail", deep + raw, {"Content-Type": "message/rfc822"})
    wide = b"From: kim@mail.example\nMessage-ID: <wide@mail.example>\n"
    wide += (
        b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\nContent-Type: image/png\n\nx\n" * 5_000
    )
    judge(house, "mail", wide, {"Content-Type": "message/rfc822"})
