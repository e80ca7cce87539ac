"""How a deadline came about, as a page."""

from __future__ import annotations

from tests.api.conftest import House
from tests.api.signed_in import browser_of
from tests.api.test_desk import asked
from workflow.access.role import Role

CUSTOMER = {"name": "Chris", "email": "chris@example.com", "zone": "Asia/Tokyo"}


def test_each_deadline_is_told_from_what_set_it_to_the_instant(house: House) -> None:
    key = "promise:explained"
    asked(house, "promise.make", key, words="We write", owner="o@shop.example", customer=CUSTOMER,
          due_at="2026-07-01T16:00:00Z")  # fmt: skip
    house.apply()
    ada = browser_of(house, "explains", Role.AGENT)
    told = house.get(f"/v1/subjects/{key}/explain").json()["timers"]
    page = ada.get(f"/explain/{key}")
    assert page.status_code == 200 and len(told) >= 2
    assert page.text.count("How it is reckoned") == len(told)
    assert f'href="/explain/{key.replace(":", "%3A")}"' in ada.get(f"/subjects/{key}").text
    assert "Asia/Tokyo" in page.text
    german = ada.http.get(f"/explain/{key}", headers={"Accept-Language": "de"}).text
    assert "Wie gerechnet wird" in german and "läuft" in german
    assert ada.get("/explain/promise:never-was").status_code == 404
