"""Who may be one person: listed, decided at the desk, and undone there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from tests.api.conftest import House, open_house
from tests.api.test_desk import working
from workflow.access.keys import Role
from workflow.cli import main

PHONE = "+49 30 5550100"
_NUMBERS = count(1)


@pytest.fixture
def house(tmp_path: Any) -> Iterator[House]:
    """Two customers behind one telephone, of whom nobody has said whether they are one."""
    with open_house(f"sqlite:///{tmp_path / 'makegood.db'}") as opened:
        for key, name in (("customer:ada", "Ada"), ("customer:ben", "Ben")):
            event = {
                "specversion": "1.0", "id": f"c{next(_NUMBERS)}", "source": "/tests",
                "type": "customer.known", "subject": key, "data": {"name": name, "phone": PHONE},
            }  # fmt: skip
            assert opened.post(event).status_code == 202
            opened.apply()
        yield opened


def listed(house: House) -> list[dict[str, Any]]:
    answer = house.http.get("/v1/customers/likely", headers=house.bearer(Role.DESK))
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def says(house: House, path: str, **said: Any) -> dict[str, Any]:
    """What a person at the desk is answered."""
    with working(house):
        answer = house.http.post(
            f"/v1/desk/{path}", json={"by": "zoe@shop.example", **said}, headers=house.bearer(Role.DESK)
        )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_who_may_be_one_is_listed_until_a_person_says(house: House) -> None:
    (one,) = listed(house)
    assert (one["one"]["customer"], one["other"]["customer"]) == ("customer:ada", "customer:ben")
    assert one["one"]["known_as"] == {"name": "Ada", "phone": PHONE}
    assert (one["share"], one["accounts_differ"]) == (["phone"], False)
    assert (
        says(house, f"likenesses/{one['likeness']}/not_the_same", reason="a couple")["state"] == "different"
    )
    assert listed(house) == []


def test_what_a_person_merges_a_person_separates(house: House) -> None:
    (one,) = listed(house)
    says(house, "customers/ben/merge", into="customer:ada", reason="a nickname")
    assert listed(house) == []
    assert says(house, "customers/ben/separate", reason="a couple")["state"] in ("identifying", "known")
    house.apply()
    assert listed(house) == []
    kept = house.http.get(f"/v1/subjects/{one['likeness']}", headers=house.bearer(Role.ADMIN)).json()
    assert [said["what"] for said in kept["data"]["history"]] == ["same", "different"]


def test_the_command_lists_them(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    door = ("--url", str(house.http.base_url), "--key", house.keys[Role.DESK])
    monkeypatch.setattr(sys, "argv", ["makegood", "customers", "likely", *door])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)
    assert "customer:ada (Ada)  customer:ben (Ben)  share phone" in capsys.readouterr().out
