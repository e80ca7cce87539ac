"""`makegood up --sandbox` for real: a day of promises passes in a moment, a page shows who heard what."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.servers.migrated_files import migrated
from tests.supervisor.test_up import Up
from tests.waiting import wait_until
from workflow.access.first_key import FILE as KEY_FILE
from workflow.recovery.runtime import open_runtime
from workflow.settings import Settings

ADA = {
    "name": "Ada", "email": "ada@customer.example", "phone": "+4930444", "zone": "Europe/Berlin",
    "language": "en", "channels": ["email"],
}  # fmt: skip
WINDOW = {"from": "2026-03-03T09:00:00Z", "to": "2026-03-03T11:00:00Z"}
SPARE = [{"from": "2026-03-04T09:00:00Z", "to": "2026-03-04T11:00:00Z"}]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A sandbox in which it is Monday morning."""
    running = Up(tmp_path_factory.mktemp("sandbox"), "--sandbox", "--at", "2026-03-02T09:00:00Z")
    try:
        running.wait_said("ctrl-C ends it")
        yield running
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=60) == 0, running.said()
    finally:
        running.process.kill()
        running.process.wait()


@pytest.fixture(scope="module")
def http(up: Up) -> Iterator[httpx.Client]:
    """A client with the operator's key."""
    key = (up.data_dir / KEY_FILE).read_text().strip()
    with httpx.Client(
        trust_env=False, base_url=f"http://127.0.0.1:{up.api}", timeout=30, auth=("", key)
    ) as client:
        client.headers["Authorization"] = f"Bearer {key}"
        yield client


def _post(http: httpx.Client, kind: str, subject: str, **data: Any) -> None:
    """An event, and wait for what is decided about it."""
    event = {"specversion": "1.0", "id": f"{subject}/{kind}", "source": "/crm", "type": kind}
    answer = http.post(
        "/v1/events",
        json=event | {"subject": subject, "data": data},
        headers={"Content-Type": "application/cloudevents+json", "Prefer": "wait=10"},
        auth=None,
    )
    assert answer.json()["items"][0]["outcome"] in ("moved", "stayed"), answer.text


def _advance(http: httpx.Client, **said: str) -> dict[str, Any]:
    """Move the clock, and wait for the end of it; where it stands then."""
    answer = http.post("/v1/clock/advance", json=said, headers={"Prefer": "wait=10"}, auth=None)
    assert answer.status_code in (200, 202), answer.text
    done = lambda: http.get("/v1/clock", auth=None).json()["status"] != "advancing"  # noqa: E731
    wait_until(done, seconds=90, what="the clock to be moved")
    found: dict[str, Any] = http.get("/v1/clock", auth=None).json()
    assert found["status"] == "ready", found
    return found


@pytest.mark.exhaustive
def test_a_day_passes_and_the_page_shows_who_heard_what(up: Up, http: httpx.Client) -> None:
    assert "its clock stands at 2026-03-02T09:00:00" in up.said()
    assert http.get("/v1/clock", auth=None).json()["now"] == "2026-03-02T09:00:00Z"
    _post(http, "promise.make", "promise:P-1", words="We call you back", owner="sam@desk.example",
          due_at="2026-03-02T13:00:00Z", customer={"email": ADA["email"]})  # fmt: skip
    _post(http, "customer.known", "customer:C-1", **ADA)
    _post(http, "appointment.book", "appointment:A-1", about="a technician", window=WINDOW, lead="PT1H",
          owner="dispatch@desk.example", spare=SPARE, customer={"key": "customer:C-1"})  # fmt: skip
    assert _advance(http, to="2026-03-03T08:30:00Z")["now"] == "2026-03-03T08:30:00Z"

    said = http.get("/sandbox", headers={"Authorization": ""}).text
    assert "Tue 3 Mar 2026, 08:30:00 (UTC)" in said
    assert "Mon 2 Mar 2026, 13:00 (UTC)" in said, "the customer heard of it when it was due, not a day later"
    assert "Due today 13:00 UTC: We call you back" in said
    links = set(re.findall(r'<a href="(/l/[^"]+)">', said))
    (link,) = (one for one in links if 'name="choice"' in http.get(one, auth=None).text)
    assert http.post(link, data={"choice": "0"}, auth=None).status_code == 200
    booked = lambda: http.get("/v1/subjects/appointment:A-1", auth=None).json()["data"]["window"] == SPARE[0]  # noqa: E731
    wait_until(booked, seconds=60, what="the other time to be booked")


@pytest.mark.parametrize(("sandbox", "rule"), [(False, "[sandbox]"), (True, "[earnest]")])
def test_neither_is_started_as_the_other(
    tmp_path_factory: pytest.TempPathFactory, sandbox: bool, rule: str
) -> None:
    """A store that ran in earnest is no sandbox, and the other way round; nothing at all is started."""
    directory = tmp_path_factory.mktemp("other")
    data_dir = directory / "data"
    data_dir.mkdir()
    clock = {} if sandbox else {"clock": f"sandbox:{data_dir / 'clock'}"}
    settings = Settings(data_dir=data_dir, **clock)
    migrated(settings.database)
    open_runtime(settings).close()
    refused = Up(directory, *(("--sandbox",) if sandbox else ()))
    assert refused.process.wait(timeout=60) != 0
    assert rule in refused.said()
    assert not (data_dir / "logs").exists()
