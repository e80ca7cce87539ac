"""The barometer over HTTP: figures for programs, charts and tables for people, down to the cases."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import NOON, House, open_house
from tests.workflow.parcels import PARCEL
from workflow.access.keys import Role

_TIME = {"since": "2026-06-01", "until": "2026-08-01"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Before four parcels: two of billing, one of them arrived; one of a team with markup in its name."""
    place: Path = tmp_path_factory.mktemp("barometer") / "makegood.db"
    with open_house(f"sqlite:///{place}") as opened:
        opened.runtime.registry.register([(PARCEL, None)], NOON)
        for number, team in enumerate(["billing", "billing", "<b>field</b>", None], 1):
            due = (NOON + timedelta(days=number)).isoformat()
            data = {"due_at": due} | ({"team": team} if team else {})
            opened.post(_event("send", number, data, parent=f"case:C/{number}"))
        opened.post(_event("arrive", 1, {}))
        opened.apply()
        yield opened


def _event(trigger: str, number: int, data: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": f"{trigger}-{number}", "source": "/tests", "type": f"parcel.{trigger}",
        "subject": f"parcel:{number}", "data": data, **more,
    }  # fmt: skip


def _groups(answer: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {one["name"]: (one["numbers"]["kept"], one["numbers"]["open"]) for one in answer["groups"]}


def test_a_figure_by_team_and_each_group_leads_to_its_subjects(house: House) -> None:
    answer = house.get("/v1/barometer/parcel", by="team", **_TIME).json()
    assert _groups(answer) == {"billing": (1, 1), "<b>field</b>": (0, 1), None: (0, 1)}
    assert (answer["title"], answer["since"]) == ("Parcels", "2026-06-01T00:00:00Z")
    behind = {one["name"]: house.get(one["link"]).json()["items"] for one in answer["groups"]}
    found = {name: [one["subject"] for one in items] for name, items in behind.items()}
    assert found == {
        "billing": ["parcel:1", "parcel:2"],
        "<b>field</b>": ["parcel:3"],
        None: ["parcel:4"],
    }
    assert behind[None][0]["case"] == "case:C/4"
    assert len(house.get(answer["all"]["link"]).json()["items"]) == 4


def test_days_of_a_zone_lead_to_their_subjects_too(house: House) -> None:
    answer = house.get(
        "/v1/barometer/parcel", by="day", zone="Asia/Kolkata", since="2026-07-02", until="2026-07-04"
    ).json()
    assert [one["name"] for one in answer["groups"]] == ["2026-07-02", "2026-07-03"]
    first = house.get(answer["groups"][0]["link"]).json()["items"]
    assert [one["subject"] for one in first] == ["parcel:1"]


def test_the_list_of_figures_names_an_installations_own(house: House) -> None:
    names = [one["name"] for one in house.get("/v1/barometer").json()["items"]]
    assert {"promises", "first_word", "causes", "hand_overs", "parcel"} <= set(names)


@pytest.mark.parametrize(
    ("path", "parameters", "status", "field"),
    [
        ("parcels", {}, 404, "path"),
        ("parcel", {"since": "yesterday"}, 422, "query.since"),
        ("parcel", {"since": "2026-02-30"}, 422, "query.since"),
        ("parcel", {"since": "2026-07-01T10:00:00"}, 422, "query.since"),
        ("parcel", {"since": "2026-07-02", "until": "2026-07-01"}, 422, "query.since"),
        ("parcel", {"zone": "Mars/Base"}, 422, "query.zone"),
        ("parcel", {"by": "owner"}, 422, "query.by"),
        ("parcel", {"by": "day", "since": "2020-01-01"}, 422, "query.by"),
        ("parcel", {"tema": "billing"}, 422, "query.tema"),
        ("parcel/subjects", {"cursor": "?"}, 422, "query.cursor"),
    ],
)
def test_a_wrong_question_is_refused_with_field_and_rule(
    house: House, path: str, parameters: dict[str, str], status: int, field: str
) -> None:
    answer = house.get(f"/v1/barometer/{path}", **parameters)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["field"] == field


def test_the_page_draws_bars_that_lead_down_and_a_table_that_says_the_same(house: House) -> None:
    page = house.get("/barometer/parcel", by="team", **_TIME)
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    text = page.text
    assert re.findall(r"<script[^>]*>[^<]+|<style|style=| on[a-z]+=", text) == []
    assert "<b>field" not in text and "&lt;b&gt;field" in text
    bars = re.findall(r'<a href="([^"]+)" aria-label="([^"]+)"><rect', text)
    assert [label for _, label in bars if label.startswith("billing")] == [
        "billing: kept 1",
        "billing: open 1",
    ]
    (kept,) = [link for link, label in bars if label == "billing: kept 1"]
    cases = house.get(kept.replace("&amp;", "&"))
    assert "parcel:1" in cases.text and "parcel:2" not in cases.text
    row = r'<th scope="row"><a href="[^"]+">billing</a></th><td class="n" data-label="number">2</td>'
    assert re.search(row, text)


def test_the_whole_barometer_is_one_page_even_when_there_is_nothing_to_tell(house: House) -> None:
    page = house.get("/barometer", by="", since="", until="", zone="Europe/Berlin")
    assert page.status_code == 200
    assert "Promises kept, late and lapsed" in page.text
    assert "Nothing in this time." in page.text


def test_a_browser_asks_for_the_key_and_sends_it_as_a_password(house: House) -> None:
    refused = house.http.get("/barometer")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic ")
    key = b64encode(f"anna:{house.keys[Role.SYSTEM]}".encode()).decode()
    assert house.http.get("/barometer", headers={"Authorization": f"Basic {key}"}).status_code == 200


def test_the_cases_behind_a_bar_come_page_by_page(house: House) -> None:
    page = house.get("/barometer/parcel/subjects", limit=3, **_TIME).text
    (more,) = re.findall(r'<a href="(\?[^"]+)">More</a>', page)
    following = house.get("/barometer/parcel/subjects" + more.replace("&amp;", "&")).text
    assert "parcel:4" not in page and "parcel:4" in following
    assert 'href="/cases/C%2F4"' in following and 'href="/subjects/parcel:4"' in following


def test_a_page_speaks_of_those_without_a_team_in_the_language_of_its_reader(house: House) -> None:
    key = b64encode(f"anna:{house.keys[Role.SYSTEM]}".encode()).decode()
    headers = {"Authorization": f"Basic {key}", "Accept-Language": "de"}
    page = house.http.get("/barometer/parcel", params={"by": "team", **_TIME}, headers=headers).text
    assert ">ohne Team</a>" in page and "no team" not in page
    assert "01 00:00," not in page and 'type="date"' in page, "its time is written as its readers write it"
    page = house.http.get("/barometer/parcel", params={"by": "month", **_TIME}, headers=headers).text
    assert ">Juni 2026</a>" in page and ">2026-06<" not in page
    page = house.http.get("/barometer/parcel", params={"by": "all", **_TIME}, headers=headers).text
    assert ">alle</span>" in page and ">all<" not in page


def test_days_are_those_of_whoever_looks_unless_another_zone_is_said(tmp_path: Path) -> None:
    with open_house(f"sqlite:///{tmp_path / 'makegood.db'}", zone="Asia/Kolkata") as house:
        assert 'name="zone" value="Asia/Kolkata"' in house.get("/barometer").text
        assert 'name="zone" value="UTC"' in house.get("/barometer", zone="UTC").text
