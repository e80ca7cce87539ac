"""An agent is rung first, from the page: the telephone service is asked to, and connects them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.api.conftest import House, open_house
from tests.api.signed_in import browser_of
from tests.api.test_desk import call, working
from tests.api.test_rehearsal import Reaching
from tests.contracts.situations import SID
from tests.tasks.wire_server import WireServer, answering, http_answer
from workflow.access.role import Role
from workflow.clock import SystemClock
from workflow.outbox.relay import Relay

MINE = "+49 30 5678"


@pytest.fixture
def service() -> Iterator[WireServer]:
    """A telephone service that takes every call."""
    with WireServer(
        answering(http_answer(201, b'{"sid": "%s", "status": "queued"}' % SID.encode()))
    ) as server:
        yield server


@pytest.fixture
def house(database_url: str, tmp_path: Path, service: WireServer) -> Iterator[House]:
    """A door of an installation that can dial."""
    settings: dict[str, Any] = {
        "channel": "smtp",
        "public_url": "http://127.0.0.1",
        "twilio_account_sid": "AC1",
        "twilio_auth_token": SecretStr("hush"),
        "twilio_from": "+15005550006",
        "twilio_url": service.url,
    }
    with (
        open_house(database_url, data_dir=tmp_path, clock=SystemClock(), **settings) as opened,
        working(opened),
    ):
        yield opened


def test_an_agents_own_telephone_rings_first_from_the_page(house: House, service: WireServer) -> None:
    key = call(house, "ring", "phones", customer={"name": "Chris", "phone": "+49 30 1234", "zone": "UTC"})
    browser = browser_of(house, "ann", Role.AGENT, teams=("phones",))
    assert browser.send("/line", "/line/claim").headers["location"] == f"/work/{key}"
    page = f"/work/{key}"
    assert "Have it dialled for you" in browser.get(page).text
    wrong = browser.send(page, f"{page}/extend", number=1, dial="12")
    assert wrong.status_code == 422 and service.requests == []
    rung = browser.send(page, f"{page}/extend", number=1, dial=MINE)
    assert (rung.status_code, rung.headers["location"]) == (303, page)
    Relay(house.runtime, Reaching(house)).run(30.0)
    (asked,) = service.requests
    assert asked.target.endswith("/Calls.json") and asked.form["To"] == MINE.replace(" ", "")
    subject = house.get(f"/v1/subjects/{key}").json()
    assert subject["data"]["claimed_by"] == "ann@desk.example"
