"""A supervisor helps during a call: words that stand in its ledger and reach nobody but the two."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.api.conftest import House
from tests.api.signed_in import browser_of
from tests.api.test_desk import call, working
from workflow.access.role import Role
from workflow.engine.ledger import rebuild
from workflow.store.schema import outbox

SAID, BACK = "Offer the voucher of 20", "They take it, thank you"


@pytest.fixture(autouse=True)
def _working(house: House) -> Iterator[None]:
    """What comes in is decided."""
    with working(house):
        yield


def test_words_go_between_a_supervisor_and_who_is_at_work_and_to_nobody_else(house: House) -> None:
    key = call(house, "helped", "aided")
    page, place = f"/work/{key}", f"/work/{key}/aside"
    ann = browser_of(house, "aside-ann", Role.AGENT, teams=("aided",))
    lea = browser_of(house, "aside-lea", Role.SUPERVISOR, teams=("aided",))
    bob = browser_of(house, "aside-bob", Role.AGENT, teams=("aided",))
    far = browser_of(house, "aside-far", Role.SUPERVISOR, teams=("elsewhere",))
    assert place not in lea.get(page).text, "nobody is at work on it"
    assert ann.send("/line", "/line/claim").headers["location"] == page
    form = lea.forms(page).to(place) | {"words": SAID}
    assert [lea.post(place, form).status_code for _ in range(2)] == [303, 303]
    shown = ann.get(page).text
    assert shown.count(SAID) == 1 and "aside-lea@desk.example" in shown, "said once"
    assert ann.send(page, place, words=BACK).status_code == 303
    assert BACK in lea.get(page).text
    for other in (bob, far):
        assert SAID not in other.get(page).text and place not in other.get(page).text
        fields = other.forms("/line").to("/line/claim") | {"words": "I, too"}
        assert other.post(place, fields).status_code == 403
    assert lea.send(page, place, words=" ").status_code == 422
    told = ann.post(
        f"{page}/outcome", ann.forms(page).to(f"{page}/outcome") | {"outcome": "reached", "note": "x"}
    )
    assert told.status_code == 303
    with house.runtime.store.connect() as connection:
        assert SAID not in str(connection.execute(select(outbox.c.payload)).all()), "nothing carries them out"
    assert SAID not in str(house.get("/v1/changes", subject=key).json()), "nor is anybody told who follows"
    assert SAID in str(house.get(f"/v1/subjects/{key}/timeline").json()), "they stand in its ledger"
    assert lea.post(place, form | {"id": "later"}).status_code == 403, "it is over"
    rebuilt = rebuild(house.runtime.store, house.runtime.registry, key)
    found = house.get(f"/v1/subjects/{key}").json()
    assert (rebuilt.state, rebuilt.seq) == (found["state"], found["seq"])


def test_nobody_outside_can_send_one(house: House) -> None:
    key = call(house, "untouched", "aided-2")
    event = {
        "specversion": "1.0", "id": "1", "source": "/makegood/asides", "type": "callback.aside",
        "subject": key, "data": {"by": "x", "words": "x"},
    }  # fmt: skip
    assert house.post(event).status_code in (403, 422)
