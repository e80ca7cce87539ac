"""A day at the desk in a browser: by keyboard, by thumb, by two at once, and without a script."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import House
from tests.api.signed_in import token_of
from tests.api.test_desk import asked, call
from tests.browser.conftest import CHRIS, Desk
from workflow.access import invitations, people, sessions
from workflow.access.role import Role

PASSWORD = "correct horse battery staple"
HERE = {**CHRIS, "zone": "Europe/Berlin"}
WAYS: dict[str, dict[str, Any]] = {
    "desktop, English": {"width": 1280, "locale": "en-GB"},
    "phone, German": {"width": 390, "locale": "de-DE", "color_scheme": "dark", "has_touch": True},
}


def known(house: House, name: str, team: str) -> str:
    """The address of somebody of a team who has chosen their password."""
    store, now = house.runtime.store, house.runtime.clock.now()
    person = people.add(
        store, people.checked(f"{name}@desk.example", name.title(), [Role.AGENT], now, teams=[team])
    )
    invitations.choose(store, invitations.invite(store, person, now), PASSWORD, now)
    return person.address


def promised_call(house: House, case: str, desk: str) -> str:
    """A case in which a person's call was promised; the key of that promise."""
    asked(
        house, "case.open", f"case:{case}", customer=HERE, words="Nobody called me", owner="olga@shop.example"
    )
    asked(house, "case.call", f"case:{case}", words="A manager calls", owner="olga@shop.example", desk=desk,
          by="olga@shop.example", due_at="2026-07-01T14:00:00Z")  # fmt: skip
    house.apply()
    found = house.get("/v1/subjects", lifecycle="promise", parent=f"case:{case}").json()["items"]
    (key,) = [one["key"] for one in found if one["data"]["words"] == "A manager calls"]
    return str(key)


def state(house: House, key: str) -> str:
    """Of a subject."""
    return str(house.get(f"/v1/subjects/{key}").json()["state"])


@pytest.mark.sampled
@pytest.mark.parametrize("way", WAYS)
def test_an_agent_takes_the_next_call_dials_by_hand_and_the_promise_is_kept(desk: Desk, way: str) -> None:
    house, team = desk.house, f"day-{WAYS[way]['width']}"
    address = known(house, team, team)
    promise = promised_call(house, team, team)
    screen = desk.screen(None, **WAYS[way])
    page = screen.page
    screen.open("/")
    page.locator("#field-address").fill(address)
    page.locator("#field-password").fill(PASSWORD)
    page.locator("#field-password").press("Enter")
    page.wait_for_url("**/")
    if WAYS[way]["width"] > 700:  # by keyboard alone: four keys from the line to the next
        page.keyboard.press("g")
        page.keyboard.press("l")
        page.wait_for_url("**/line")
        page.keyboard.press("n")
    else:
        page.locator('[data-key="n"]').tap()
    page.wait_for_url("**/work/**")
    assert page.locator(".timer").inner_text().startswith(("15:00", "14:5"))
    assert page.locator("a[href='tel:+49301234']").is_visible(), "the number to dial by hand"
    assert page.get_by_text("Nobody called me").first.is_visible(), "what the customer said, before dialling"
    if WAYS[way]["width"] > 700:
        page.keyboard.press("o")
        page.keyboard.press("1")
        page.locator("#field-note").fill("We said sorry, and they are content")
        page.keyboard.press("Control+Enter")
    else:
        page.get_by_label("erreicht").tap()
        page.locator("#field-note").fill("We said sorry, and they are content")
        page.get_by_role("button", name="Speichern", exact=True).tap()
    page.wait_for_url("**/line")
    assert page.get_by_role("status").first.inner_text() in ("Noted.", "Notiert.")
    house.apply()
    assert state(house, promise) == "kept"
    events = house.get(f"/v1/subjects/{promise}/timeline").json()["items"]
    assert events[-1]["to"] == "kept"
    assert house.get(f"/v1/subjects/{promise}").json()["data"]["kept_by"] == address
    screen.is_clean()


def test_two_agents_race_for_one_call(desk: Desk) -> None:
    house = desk.house
    key = call(house, "race", "race", customer=HERE)
    runners = [desk.screen(token_of(house, f"runner{n}", Role.AGENT, teams=("race",))) for n in (1, 2)]
    for runner in runners:
        runner.open(f"/work/{key}")
    # Both have sent before either is answered.
    for runner in runners:
        runner.page.evaluate("setTimeout(() => document.querySelector('[data-key=c]').click(), 100)")
    said = [runner.page.locator("p.done").inner_text() for runner in runners]
    assert sorted(one.split()[0] for one in said) == ["It", "Somebody"]
    loser = runners[0] if said[0].startswith("Somebody") else runners[1]
    winner = runners[1] if loser is runners[0] else runners[0]
    assert winner.page.locator("#outcome").count() == 1
    assert loser.page.locator("#outcome").count() == 0
    assert loser.page.get_by_text("has it", exact=False).count() >= 1
    assert loser.page.get_by_role("button", name="Take the next").is_visible()


def test_keys_do_nothing_in_fields_nor_where_they_are_switched_off(desk: Desk) -> None:
    house = desk.house
    key = call(house, "keys", "keys", customer=HERE)
    screen = desk.screen(token_of(house, "keyes", Role.AGENT, teams=("keys",)))
    page = screen.page
    screen.open("/line")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.getAttribute('href')") == f"/work/{key}"
    page.keyboard.press("?")
    assert page.locator("#keys").evaluate("one => one.open")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.wait_for_url("**/work/**")
    page.locator("#field-note").press_sequentially("go on n c e ? u")
    assert page.locator("#field-note").input_value() == "go on n c e ? u"
    assert page.url.endswith(f"/work/{key}") and not page.locator("#keys").evaluate("one => one.open")
    screen.open("/admin/me")
    page.get_by_label("Single keys do something").uncheck()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("status").first.wait_for()
    page.keyboard.press("?")
    assert not page.locator("#keys").evaluate("one => one.open")
    screen.is_clean()


def test_what_was_written_outlasts_a_session_that_was_ended_elsewhere(desk: Desk) -> None:
    house = desk.house
    call(house, "ended", "ended", customer=HERE)
    address = known(house, "cleo", "ended")
    screen = desk.screen(None)
    page = screen.page

    def sign_in() -> None:
        page.locator("#field-address").fill(address)
        page.locator("#field-password").fill(PASSWORD)
        page.locator("#field-password").press("Enter")

    screen.open("/line")
    sign_in()
    page.locator('[data-key="n"]').click()
    page.wait_for_url("**/work/**")
    place = page.url
    page.locator("#field-note").press_sequentially("They want a letter")
    page.get_by_label("no answer").check()
    with house.runtime.store.begin() as transaction:
        person = people.find(house.runtime.store, address)
        sessions.end_all(transaction, person.id, house.runtime.clock.now())
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/sign-in?**")
    assert "kept in this tab" in page.locator("main").inner_text()
    sign_in()
    page.wait_for_url(place)
    assert page.locator("#field-note").input_value() == "They want a letter"
    page.get_by_label("no answer").check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/line")
    assert state(house, place.rpartition("/")[2]) == "resting"


def test_all_of_it_works_without_a_script(desk: Desk) -> None:
    house = desk.house
    key = call(house, "plain", "plain", customer=HERE)
    screen = desk.screen(token_of(house, "plain", Role.AGENT, teams=("plain",)), java_script_enabled=False)
    page = screen.page
    screen.open("/line")
    page.get_by_role("button", name="Take the next").click()
    assert page.url.endswith(f"/work/{key}")
    page.get_by_label("busy").check()
    page.get_by_role("button", name="Save", exact=True).click()
    assert page.url.endswith("/line")
    assert state(house, key) == "resting"


def test_a_double_click_is_one_call(desk: Desk) -> None:
    house = desk.house
    keys = [call(house, name, "double", customer=HERE) for name in ("1", "2")]
    screen = desk.screen(token_of(house, "dora", Role.AGENT, teams=("double",)))
    screen.open("/line")
    screen.page.locator('[data-key="n"]').dblclick()
    screen.page.wait_for_url("**/work/**")
    house.apply()
    assert sorted(state(house, key) for key in keys) == ["claimed", "waiting"]
