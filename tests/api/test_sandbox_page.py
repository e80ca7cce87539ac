"""The page of a sandbox: the clock and its buttons, who may press them, what each person would have got."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from tasks.channels.port import Notice
from tasks.channels.recording import RecordingChannel
from tests.api.conftest import NOON, House, open_house, order
from workflow.access import keys
from workflow.access.bounds import Bounds
from workflow.access.keys import Role
from workflow.clock import SandboxClock
from workflow.recovery.contact.recording import newest, recorded, recording_file
from workflow.recovery.links import LinkWriter
from workflow.store.purpose import claim

ADA = {
    "key": "customer:1",
    "name": "Ada & <Co>",
    "email": "ada@x.example",
    "phone": "+4930",
    "zone": "Europe/Berlin",
}
BO = "bo@desk.example"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[House]:
    """A sandbox's door on a page of which nothing stands yet."""
    clock = SandboxClock(tmp_path / "clock")
    clock.begin(NOON)
    with open_house(f"sqlite:///{tmp_path / 'makegood.db'}", clock=clock, data_dir=tmp_path) as opened:
        claim(opened.runtime.store, clock)
        yield opened


class Form(HTMLParser):
    """The form of a page: what each of its buttons sends, by its label."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.by_label: dict[str, dict[str, str]] = {}
        self._hidden: dict[str, str] = {}
        self._pressed: dict[str, str] | None = None
        self._ours = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what the form holds."""
        given = {name: str(value) for name, value in attrs}
        if tag == "form":
            self._ours = given["method"] == "post"
        if not self._ours:
            return
        if tag == "input" and given["type"] == "hidden":
            self._hidden[given["name"]] = given["value"]
        self._pressed = {given["name"]: given["value"]} if tag == "button" else None

    def handle_endtag(self, tag: str) -> None:
        """Other forms of the page are no buttons of the clock."""
        self._ours = self._ours and tag != "form"

    def handle_data(self, data: str) -> None:
        """The label of a button."""
        if self._pressed is not None:
            self.by_label[data] = self._hidden | self._pressed
            self._pressed = None


def looked_at(house: House, role: Role = Role.OPERATOR, query: str = "") -> httpx.Response:
    """The page, as somebody with a browser sees it."""
    return house.http.get(f"/sandbox{query}", auth=("", house.keys[role]))


def pressed(house: House, fields: dict[str, str], role: Role = Role.OPERATOR) -> httpx.Response:
    """A form that a browser sends."""
    return house.http.post("/sandbox/advance", data=fields, auth=("", house.keys[role]))


def tell(house: House, to: Any, number: int, channel: str = "email", words: str = "Some words") -> None:
    """Record a notice."""
    settings, clock = house.runtime.settings, house.runtime.clock
    recording = RecordingChannel(recording_file(settings.data_dir), clock, LinkWriter(settings))
    subject = f"promise:{number}"
    recording.send(
        Notice(f"{subject}/1/0", subject, channel, to, "nudge", f"Title {number}", words, {}, NOON),
        f"{number}",
    )


def test_the_buttons_move_the_clock(sandbox: House) -> None:
    sandbox.post(order("place", "1", "1", amount=5))
    sandbox.apply()
    page = looked_at(sandbox)
    assert page.status_code == 200
    assert "Wed 1 Jul 2026, 12:00:00 (UTC)" in page.text
    forms = Form(page.text).by_label
    assert [sorted(fields) for fields in forms.values()] == [
        ["by", "token"],
        ["by", "token"],
        ["to", "token"],
    ]
    assert forms["To what is due next"]["to"] == sandbox.get("/v1/clock").json()["next_due"]
    answer = pressed(sandbox, forms["+1 day"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/sandbox")
    moving = looked_at(sandbox)
    assert moving.headers["refresh"] == "1"
    assert "is being moved to Thu 2 Jul 2026, 12:00:00 (UTC)" in moving.text
    assert Form(moving.text).by_label == {}
    # Pressed twice it is moved once.
    assert pressed(sandbox, forms["+1 day"] | {"leave_tasks": "yes"}).status_code == 303
    advance = sandbox.get("/v1/clock").json()["advance"]
    assert (advance["id"], advance["leaves_tasks"]) == (1, False)


def test_the_clock_goes_on_without_tasks_where_that_is_ticked(sandbox: House) -> None:
    form = Form(looked_at(sandbox).text).by_label["+1 hour"]
    assert pressed(sandbox, form | {"leave_tasks": "yes"}).status_code == 303
    assert sandbox.get("/v1/clock").json()["advance"]["leaves_tasks"] is True


def test_nobody_presses_a_button_in_an_operators_name(sandbox: House) -> None:
    """A browser sends an operator's key with whatever another site makes it send: that has no token."""
    mine = Form(looked_at(sandbox).text).by_label["+1 hour"]
    others = Form(looked_at(sandbox, Role.ADMIN).text).by_label["+1 hour"]
    assert mine["token"] != others["token"]
    for token in ({}, {"token": ""}, {"token": "0" * 64}, {"token": others["token"]}):
        answer = pressed(sandbox, {"by": "PT1H"} | token)
        assert answer.status_code == 403
        assert answer.json()["errors"][0] | {"message": ""} == {
            "field": "body.token", "rule": "form", "message": ""
        }  # fmt: skip
    assert sandbox.get("/v1/clock").json()["advance"] is None
    assert pressed(sandbox, mine).status_code == 303


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.OPERATOR, Role.ADMIN)])
def test_who_does_not_operate_looks_on(sandbox: House, role: Role) -> None:
    page = looked_at(sandbox, role)
    assert page.status_code == 200
    assert Form(page.text).by_label == {}
    assert "token" not in page.text
    token = Form(looked_at(sandbox).text).by_label["+1 hour"]["token"]
    assert pressed(sandbox, {"by": "PT1H", "token": token}, role).status_code == 403


def test_who_may_not_read_everything_does_not_look_on(sandbox: House) -> None:
    key = keys.create(sandbox.runtime.store, Role.SYSTEM, "few", NOON, bounds=Bounds(reads=("order",)))
    assert sandbox.http.get("/sandbox", auth=("", key)).status_code == 403
    for answer in (sandbox.http.get("/sandbox"), sandbox.http.post("/sandbox/advance", data={"by": "PT1H"})):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic")


def test_a_wish_that_cannot_be_is_answered_on_the_page(sandbox: House) -> None:
    token = Form(looked_at(sandbox).text).by_label["+1 hour"]["token"]
    answer = pressed(sandbox, {"to": "2026-07-01T11:00:00Z", "token": token})
    assert answer.status_code == 422
    assert "time does not run backwards" in answer.text
    assert "+1 hour" in Form(answer.text).by_label


def test_in_earnest_there_is_no_such_page(house: House) -> None:
    answer = looked_at(house)
    assert (answer.status_code, answer.json()["errors"][0]["rule"]) == (409, "sandbox")


def test_each_person_is_shown_what_they_would_have_got(sandbox: House) -> None:
    assert "Nobody was told anything yet" in looked_at(sandbox).text
    link = f"{_base(sandbox)}/l/abc-DEF_123.xyz"
    tell(sandbox, BO, 1)
    tell(sandbox, ADA, 2, words=f"<b>See</b> {link}. Or https://elsewhere.example/l/abc")
    tell(sandbox, BO, 3)
    tell(sandbox, ADA | {"phone": "+4931"}, 4, channel="sms")
    page = looked_at(sandbox).text
    heads = re.findall(r"<h[23]>(?:<a [^>]*>)?([^<]*)", page)
    assert heads == ["Ada &amp; &lt;Co&gt;", "Title 4", "Title 2", BO, "Title 3", "Title 1"]
    assert f'<a href="/l/abc-DEF_123.xyz">{link}</a>. Or https://elsewhere.example/l/abc' in page
    assert "&lt;b&gt;See&lt;/b&gt;" in page
    assert "Wed 1 Jul 2026, 14:00 (Europe/Berlin)" in page
    assert "+4931" in page

    (of_ada,) = re.findall(r'<h2><a href="(\?person=[^"]*)">Ada', page)
    alone = looked_at(sandbox, query=of_ada).text
    assert BO not in alone
    assert re.findall(r"<h3>([^<]*)", alone) == ["Title 4", "Title 2"]


def test_many_notices_come_page_by_page(sandbox: House) -> None:
    for number in range(1, 121):
        tell(sandbox, BO, number)
    tell(sandbox, "cleo@desk.example", 121)
    everybody = looked_at(sandbox).text
    assert re.findall(r"<h3>Title (\d+)", everybody) == ["121", "120", "119", "118"]
    assert "117 more to bo@desk.example" in everybody
    seen, query = [], "?person=bo%40desk.example"
    for _ in range(4):
        page = looked_at(sandbox, query=query).text
        seen += [int(one) for one in re.findall(r"<h3>Title (\d+)", page)]
        older = re.findall(r'<a href="(\?[^"]*)">Earlier', page)
        if not older:
            break
        query = older[0].replace("&amp;", "&")
    assert seen == list(range(120, 0, -1))
    assert looked_at(sandbox, query="?before=-1").status_code == 422
    assert looked_at(sandbox, query="?of=bo").status_code == 422


def test_a_recording_is_read_from_its_end_whatever_is_in_it(tmp_path: Path) -> None:
    file = tmp_path / "notices.jsonl"
    assert newest(file, 10).notices == []
    lines = [f'{{"to":"p{number % 2}","n":{number},"words":"{"w" * 3_000}"}}\n' for number in range(100)]
    file.write_text("".join(lines) + '{"to":"half')
    backwards = list(reversed(recorded(file)))
    assert newest(file, 1_000).notices == backwards
    assert newest(file, 1_000).older is None
    found, before = [], None
    while True:
        part = newest(file, 7, before=before, person="p1")
        found += part.notices
        if (before := part.older) is None:
            break
    assert found == [one for one in backwards if one["to"] == "p1"]
    assert newest(file, 10, before=0).notices == []
    file.write_text('{"to":"half')
    assert (newest(file, 10).notices, newest(file, 10).older) == ([], None)


def _base(house: House) -> str:
    settings = house.runtime.settings
    return f"http://{settings.api_host}:{settings.api_port}"
