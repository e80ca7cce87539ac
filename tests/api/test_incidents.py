"""An incident over HTTP: declared, joined, told and solved at the desk, and listed with its cases."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest

from tests.api.conftest import House, open_house
from tests.api.test_desk import working
from workflow.access.role import Role
from workflow.cli import main

OLA, ADA = "ola@grid.example", {"name": "Ada", "email": "ada@mail.example", "language": "de"}
DECLARED = {
    "words": "The north is dark",
    "says": {"en": "The power is out", "de": "Der Strom ist weg"},
    "owner": {"name": "Ola", "email": OLA},
    "part": "grid",
}
JOINED = "case:1  joined  case listening  Ada  kim@grid.example"
NORTH = "incident:north  open  cases 1, broken promises 0  The north is dark"
_NUMBERS = count(1)


@pytest.fixture
def house(tmp_path: Any) -> Iterator[House]:
    """Three cases."""
    with open_house(f"sqlite:///{tmp_path / 'makegood.db'}") as opened:
        for number in (1, 2, 3):
            event = {
                "specversion": "1.0", "id": f"c{next(_NUMBERS)}", "source": "/tests", "type": "case.open",
                "subject": f"case:{number}",
                "data": {"customer": ADA, "words": "Dark", "owner": "kim@grid.example"},
            }  # fmt: skip
            assert opened.post(event).status_code == 202
        opened.apply()
        yield opened


def does(house: House, trigger: str, number: str = "north", **said: Any) -> httpx.Response:
    """What somebody at the desk is answered."""
    with working(house):
        return house.http.post(
            f"/v1/desk/incidents/{number}/{trigger}",
            json={"by": OLA, **said},
            headers=house.bearer(Role.DESK),
        )


def reads(house: House, path: str = "", **asked: Any) -> Any:
    answer = house.http.get(f"/v1/incidents{path}", params=asked, headers=house.bearer(Role.DESK))
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_incident_from_its_declaration_to_its_document(house: House) -> None:
    assert does(house, "declare", **DECLARED).json()["state"] == "open"
    for number in ("1", "case:2", "3"):
        assert does(house, "join", case=number).json()["outcome"] == "done"
    assert does(house, "split", case="3", words="It is your own fuse").status_code == 200
    assert does(house, "promise", words="Your power is back", within="PT4H").status_code == 200
    assert does(house, "plan", fix="A new line", prevent="Trees are cut").json()["state"] == "planned"
    assert does(house, "tell", words={"de": "Noch eine Stunde"}).status_code == 200
    house.apply()
    (one,) = reads(house)["items"]
    assert one == reads(house, "/north") == reads(house, "/incident:north")
    assert (one["incident"], one["state"], one["owner"], one["part"]) == (
        "incident:north",
        "planned",
        "Ola",
        "grid",
    )
    assert (one["cases"], one["broken"], one["alert"]) == (2, 0, 0)
    assert one["promise"]["words"] == "Your power is back"
    assert one["plan"] == {"fix": "A new line", "prevent": "Trees are cut"}
    assert does(house, "solve", words="It is back").json()["state"] == "solved"
    written = {"what": {"part": "grid"}, "why": {"cause": "a storm"}, "different": {"process": "Trees"}}
    assert does(house, "document", **written).json()["state"] == "ended"


def test_its_cases_page_by_page(house: House) -> None:
    does(house, "declare", **DECLARED)
    for number in "123":
        does(house, "join", case=number)
    does(house, "split", case="2", words="It is your own fuse")
    house.apply()
    first = reads(house, "/north/cases", limit=2)
    second = reads(house, "/north/cases", limit=2, cursor=first["next"])
    listed = first["items"] + second["items"]
    assert [(one["case"], one["state"]) for one in listed] == [
        ("case:1", "joined"), ("case:2", "left"), ("case:3", "joined"),
    ]  # fmt: skip
    assert second["next"] is None
    assert (listed[0]["customer"], listed[0]["owner"], listed[0]["case_state"]) == (
        "Ada", "kim@grid.example", "listening",
    )  # fmt: skip
    assert [one["case"] for one in reads(house, "/north/cases", state="left")["items"]] == ["case:2"]
    assert listed[1]["left_at"] is not None and listed[0]["left_at"] is None


def test_incidents_by_state(house: House) -> None:
    for number in ("north", "south"):
        does(house, "declare", number, **DECLARED)
    does(house, "solve", "north", words="It is back")
    assert [one["incident"] for one in reads(house, state="solved")["items"]] == ["incident:north"]
    page = reads(house, limit=1)
    assert [one["incident"] for one in page["items"]] == ["incident:north"]
    assert [one["incident"] for one in reads(house, cursor=page["next"])["items"]] == ["incident:south"]
    answer = house.http.get("/v1/incidents?status=open", headers=house.bearer(Role.DESK))
    assert answer.status_code == 422


def test_who_did_it_stands_in_the_ledger(house: House) -> None:
    does(house, "declare", **DECLARED)
    with working(house):
        answer = house.http.post(
            "/v1/desk/incidents/north/tell", json={"words": "An hour more"}, headers=house.bearer(Role.AGENT)
        )
    assert answer.status_code == 200, answer.text
    told = house.http.get("/v1/subjects/incident:north", headers=house.bearer(Role.ADMIN)).json()
    (said,) = told["data"]["told"]
    assert said["by"] not in (None, OLA) and said["words"] == "An hour more"


@pytest.mark.parametrize(
    ("trigger", "said", "status", "words"),
    [
        ("join", {"case": "typo"}, 404, "case:typo"),
        ("split", {"case": "typo", "words": "no"}, 404, "case:typo"),
        ("join", {"case": 7}, 422, "data.case"),
        ("tell", {}, 422, "data.words"),
        ("tell", {"words": {"in German": "Weg"}}, 422, "data.words"),
        ("declare", DECLARED, 409, "incident:north"),
        ("document", {"what": {}, "why": {}, "different": {}}, 409, "incident:north"),
        ("promise", {"words": "It is back", "due_at": "2020-01-01T00:00:00Z"}, 409, "lies ahead"),
        ("count", {}, 422, "trigger"),
    ],
)
def test_what_is_wrong_is_said(
    house: House, trigger: str, said: dict[str, Any], status: int, words: str
) -> None:
    does(house, "declare", **DECLARED)
    answer = does(house, trigger, **said)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text


def test_where_there_is_none(house: House) -> None:
    assert does(house, "tell", "nowhere", words="Hello").status_code == 404
    for path in ("/nowhere", "/nowhere/cases"):
        assert house.http.get(f"/v1/incidents{path}", headers=house.bearer(Role.DESK)).status_code == 404


def test_what_nobody_can_keep_is_not_declared(house: House) -> None:
    answer = does(
        house, "declare", **DECLARED, promise={"words": "It is back", "due_at": "2020-01-01T00:00:00Z"}
    )
    assert answer.status_code == 409 and "lies ahead" in answer.text
    assert reads(house) == {"items": [], "next": None}


def test_ids_as_long_as_ids_may_be(house: House) -> None:
    number = "n" * 200
    assert does(house, "declare", number, **DECLARED).json()["state"] == "open"
    assert does(house, "join", number, case="1").json()["outcome"] == "done"
    house.apply()
    assert [one["case"] for one in reads(house, f"/{number}/cases")["items"]] == ["case:1"]
    assert reads(house, f"/{number}")["cases"] == 1
    assert "split" in {one["trigger"] for one in reads(house, f"/{number}/possible")["items"]}
    for longer in ("n" * 263, "n" * 264):  # a key may be so long, an id may not
        refused = does(house, "declare", longer, **DECLARED)
        assert refused.status_code == 404 and "is no key" in refused.json()["detail"]
        for below in ("", "/possible", "/cases"):
            path = f"/v1/incidents/{longer}{below}"
            assert house.http.get(path, headers=house.bearer(Role.DESK)).status_code == 404


def test_the_command_lists_them_and_their_cases(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    does(house, "declare", **DECLARED)
    for number in "12":
        does(house, "join", case=number)
    does(house, "split", case="2", words="It is your own fuse")
    house.apply()
    door = ("--url", str(house.http.base_url), "--key", house.keys[Role.DESK])
    for words, told in (
        (("list", "--state", "open"), [NORTH]),
        (("list", "--state", "ended", "--state", "solved"), []),
        (("cases", "north"), [JOINED, "case:2  left  case listening  Ada  kim@grid.example"]),
        (("cases", "incident:north", "--limit", "1"), [JOINED]),
    ):  # fmt: skip
        monkeypatch.setattr(sys, "argv", ["makegood", "incidents", *words, *door])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code in (0, None)
        assert capsys.readouterr().out.splitlines() == told
