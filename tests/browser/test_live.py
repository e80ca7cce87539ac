"""Open pages show what has changed, and say whether they would: in two browsers, in eight tabs, cut off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.api.conftest import House
from tests.api.signed_in import token_of
from tests.api.test_desk import asked, call
from tests.browser.conftest import CHRIS, Desk, Screen
from tests.browser.test_pages import found_by_axe
from workflow.access import people, sessions
from workflow.access.role import Role

HERE = {**CHRIS, "zone": "Europe/Berlin"}
_NAMES = count(1)


@pytest.fixture
def team() -> Iterator[str]:
    """A desk of this test's own."""
    yield f"live-{next(_NAMES)}"


def opened(desk: Desk, team: str, path: str, *, width: int = 1280) -> Screen:
    """A browser of somebody of this team with a page that is live."""
    token = token_of(desk.house, f"{team}-{next(_NAMES)}", Role.AGENT, Role.SUPERVISOR, teams=(team,))
    screen = desk.screen(token, width=width)
    screen.open(path)
    is_live(screen.page)
    return screen


def is_live(page: Page) -> None:
    """The page says that it is live."""
    expect(page.locator("#live-status")).to_have_text("live")


def new_rows(page: Page) -> None:
    """Press what says that there are some."""
    page.locator("#live-new button").click()


def test_what_one_takes_leaves_the_line_of_the_other(desk: Desk, team: str) -> None:
    keys = [call(desk.house, name, team, customer=HERE) for name in ("1", "2")]
    first, second = (opened(desk, team, "/line") for _ in range(2))
    assert second.page.locator(f'[data-id="{keys[0]}"]').count() == 1
    first.page.locator('[data-key="n"]').click()
    first.page.wait_for_url("**/work/**")
    taken = first.page.url.rpartition("/")[2]
    expect(second.page.locator(f'[data-id="{taken}"]')).to_have_count(0)
    expect(second.page.locator("#waiting [data-id]")).to_have_count(1)
    for screen in (first, second):
        screen.is_clean()


def test_new_rows_wait_until_somebody_asks_for_them(desk: Desk, team: str) -> None:
    old = call(desk.house, "old", team, customer=HERE)
    page = opened(desk, team, "/line").page
    place = page.locator(f'[data-id="{old}"]').bounding_box()
    for name in ("new", "newer"):
        call(desk.house, name, team, customer=HERE, promise_due_at="2026-07-01T12:00:00Z")
    button = page.locator("#live-new button")
    expect(button).to_have_text("2 new")
    assert page.locator(f'[data-id="{old}"]').bounding_box() == place, "nothing has moved"
    page.keyboard.press("r")
    expect(page.locator("#waiting [data-id]")).to_have_count(3)
    expect(button).to_be_hidden()
    assert page.evaluate("document.activeElement.closest('[data-id]').dataset.id") != old, "the first new one"


def test_nothing_changes_under_the_pointer_nor_under_the_focus(desk: Desk, team: str) -> None:
    first, second = (call(desk.house, name, team, customer=HERE) for name in ("1", "2"))
    page = opened(desk, team, "/line").page
    take = page.get_by_role("button", name=f"Take this {second}")
    take.hover()
    asked(desk.house, "callback.withdraw", first, reason="They wrote instead")
    expect(page.locator("#live-new button")).to_have_text("Changed: show it")
    assert page.locator(f'[data-id="{first}"]').count() == 1
    page.mouse.move(2, 2)
    expect(page.locator(f'[data-id="{first}"]')).to_have_count(0)
    page.locator(f'[data-id="{second}"] a').first.focus()
    asked(desk.house, "callback.withdraw", second, reason="They wrote instead")
    expect(page.locator("#live-new button")).to_have_text("Changed: show it")
    assert page.locator(f'[data-id="{second}"]').count() == 1
    page.locator("h1").evaluate("() => document.activeElement.blur()")
    expect(page.locator(f'[data-id="{second}"]')).to_have_count(0)


def test_an_open_case_grows_and_what_is_being_written_stays(desk: Desk, team: str) -> None:
    key = f"case:{team}"
    asked(desk.house, "case.open", key, customer=HERE, words="It rains in", owner="olga@shop.example")
    screen = opened(desk, team, f"/cases/{team}")
    page = screen.page
    page.locator("#forms summary").first.click()
    field = page.locator("#forms textarea, #forms input[type=text]").first
    field.fill("half a sente")
    asked(desk.house, "case.tell_fact", key, fact="where", value="Through the roof", by="olga@shop.example")
    expect(page.locator("#live-new button")).to_be_visible()
    assert field.input_value() == "half a sente"
    page.locator("h1").evaluate("() => document.activeElement.blur()")
    page.mouse.move(2, 2)
    expect(page.locator("#packet")).to_contain_text("Through the roof")
    assert field.input_value() == "half a sente"
    screen.is_clean()


def test_who_else_is_here_is_said_and_is_gone_when_they_leave(desk: Desk, team: str) -> None:
    key = call(desk.house, "1", team, customer=HERE)
    first = opened(desk, team, f"/work/{key}")
    assert first.page.locator("#here .tag").count() == 0
    second = opened(desk, team, f"/work/{key}")
    expect(second.page.locator("#here .tag")).to_have_text(re.compile("is here, too"))
    comes_to_light(first.page)
    expect(first.page.locator("#here .tag")).to_have_count(1)
    second.open("/line")
    is_live(second.page)
    comes_to_light(first.page)
    expect(first.page.locator("#here .tag")).to_have_count(0)


LIVE = (
    "/", "/line", "/promises", "/decisions", "/cases/D-1", "/subjects/promise:D-2", "/work/escalation:D-3",
    "/duty", "/duty/support", "/lifecycles/promise", "/operate",
)  # fmt: skip


def test_a_page_that_opens_asks_for_itself_once(desk: Desk, everybody: str) -> None:
    for path in LIVE:
        screen = desk.screen(everybody)
        asked_for: list[str] = []
        screen.page.on("request", lambda one, to=asked_for: to.append(urlsplit(one.url).path))
        screen.open(path)
        is_live(screen.page)
        screen.page.wait_for_timeout(600)  # it would ask anew a tenth of a second after it is live
        assert asked_for.count(path) == 1, path
        screen.page.context.close()


def test_what_changes_while_a_page_opens_is_shown(desk: Desk, team: str) -> None:
    keys = [call(desk.house, name, team, customer=HERE) for name in ("1", "2")]
    screen = desk.screen(token_of(desk.house, f"{team}-opens", Role.AGENT, teams=(team,)))
    held: list[Route] = []
    screen.page.route(re.compile(r"/live\?"), lambda route: held.append(route))
    screen.open("/line")
    while not held:
        screen.page.wait_for_timeout(20)
    asked(desk.house, "callback.withdraw", keys[0], reason="They wrote instead")
    assert screen.page.locator(f'[data-id="{keys[0]}"]').count() == 1
    held[0].continue_()
    expect(screen.page.locator(f'[data-id="{keys[0]}"]')).to_have_count(0)
    assert screen.page.locator(f'[data-id="{keys[1]}"]').count() == 1


def test_what_changes_while_one_more_tab_opens_is_shown_in_it(desk: Desk, team: str) -> None:
    key = call(desk.house, "1", team, customer=HERE)
    first = opened(desk, team, "/line").page
    second = first.context.new_page()
    held: list[Route] = []
    second.route("**/console.js", lambda route: held.append(route))
    second.goto(first.url, wait_until="commit")
    while not held:
        second.wait_for_timeout(20)
    row = f'[data-id="{key}"]'
    asked(desk.house, "callback.withdraw", key, reason="They wrote instead")
    expect(first.locator(row)).to_have_count(0)
    assert second.locator(row).count() == 1
    held[0].continue_()
    expect(second.locator(row)).to_have_count(0)


def test_a_page_that_lay_too_long_before_it_opened_looks_at_everything_anew(desk: Desk, team: str) -> None:
    key = call(desk.house, "1", team, customer=HERE)
    screen = desk.screen(token_of(desk.house, f"{team}-lay", Role.AGENT, teams=(team,)))
    screen.page.route(
        re.compile(r"/live\?"), lambda route: route.fulfill(
            content_type="text/event-stream", body="id: 99\nevent: missed\ndata: {}\n\n"
        )
    )  # fmt: skip
    with screen.page.expect_request(lambda one: "makegood-by-itself" in one.headers and "/line" in one.url):
        screen.open("/line")
    assert screen.page.locator(f'[data-id="{key}"]').count() == 1


def comes_to_light(page: Page) -> None:
    """Somebody comes back to this tab: it looks at everything anew."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_eight_tabs_of_one_browser_are_live_by_one_stream(desk: Desk, team: str) -> None:
    key = call(desk.house, "1", team, customer=HERE)
    token = token_of(desk.house, f"{team}-many", Role.AGENT, teams=(team,))
    context = desk.context(token, width=1280)
    asked_for: list[str] = []
    context.on("request", lambda one: asked_for.append(urlsplit(one.url).path))
    tabs = [context.new_page() for _ in range(8)]
    for tab in tabs:
        tab.goto(f"{desk.house.http.base_url}/line")
    for tab in tabs:
        is_live(tab)
    assert asked_for.count("/live") == 1, "a browser opens six connections to a place; each stream is one"
    asked(desk.house, "callback.withdraw", key, reason="They wrote instead")
    for tab in tabs:
        expect(tab.locator(f'[data-id="{key}"]')).to_have_count(0)
    tabs[0].close()
    other = call(desk.house, "2", team, customer=HERE)
    for tab in tabs[1:]:
        is_live(tab)
        expect(tab.locator(f'[data-id="{other}"]')).to_have_count(1)
    context.close()


def test_tabs_of_one_browser_ask_one_after_the_other(desk: Desk, team: str) -> None:
    key = call(desk.house, "1", team, customer=HERE)
    first = opened(desk, team, "/line").page
    tabs = [first, *(first.context.new_page() for _ in range(3))]
    for tab in tabs[1:]:
        tab.goto(first.url)
        is_live(tab)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route) if "makegood-by-itself" in route.request.headers else route.continue_()

    first.context.route("**/line", hold)
    asked(desk.house, "callback.withdraw", key, reason="They wrote instead")
    for number in range(1, len(tabs) + 1):
        while len(held) < number:
            first.wait_for_timeout(20)
        first.wait_for_timeout(400)  # all of them have heard of it
        assert len(held) == number, "the next asks when this one has its answer"
        held[-1].continue_()
    for tab in tabs:
        expect(tab.locator(f'[data-id="{key}"]')).to_have_count(0)


def test_who_comes_back_to_a_tab_sees_what_is_true_at_once(desk: Desk, team: str) -> None:
    keys = [call(desk.house, name, team, customer=HERE) for name in ("1", "2", "3")]
    screen = desk.screen(token_of(desk.house, f"{team}-back", Role.AGENT, teams=(team,)))
    page = screen.page
    page.clock.install()
    screen.open("/line")
    is_live(page)
    by_itself: list[Route] = []

    def hold(route: Route) -> None:
        by_itself.append(route) if "makegood-by-itself" in route.request.headers else route.continue_()

    def asks(number: int) -> None:
        while len(by_itself) < number:
            page.wait_for_timeout(20)

    page.route("**/line", hold)
    asked(desk.house, "callback.withdraw", keys[0], reason="They wrote instead")
    asks(1)
    page.clock.fast_forward(20_000)  # an answer that takes long has pages leave room: 200 seconds
    by_itself[0].continue_()
    expect(page.locator(f'[data-id="{keys[0]}"]')).to_have_count(0)
    hide(page, True)
    asked(desk.house, "callback.withdraw", keys[1], reason="They wrote instead")
    page.wait_for_timeout(600)
    assert len(by_itself) == 1, "nobody looks"
    hide(page, False)
    asks(2)
    by_itself[1].continue_()
    expect(page.locator(f'[data-id="{keys[1]}"]')).to_have_count(0)
    asked(desk.house, "callback.withdraw", keys[2], reason="They wrote instead")
    page.wait_for_timeout(600)
    assert len(by_itself) == 2, "while one looks at it, it leaves the room that it was to leave"


def hide(page: Page, hidden: bool) -> None:
    """Somebody goes to another tab, or comes back to this one."""
    page.evaluate(
        "(hidden) => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }", hidden
    )  # fmt: skip


def test_without_a_network_it_says_since_when_and_afterwards_shows_what_was_missed(
    desk: Desk, team: str
) -> None:
    call(desk.house, "1", team, customer=HERE)
    screen = opened(desk, team, "/line")
    page = screen.page
    page.context.set_offline(True)
    expect(page.locator("#live-status")).to_have_text(re.compile(r"^not live since \d\d:\d\d$"))
    call(desk.house, "2", team, customer=HERE)
    assert page.locator("#live-new button").is_hidden()
    page.context.set_offline(False)
    is_live(page)
    expect(page.locator("#live-new button")).to_have_text("1 new")


def test_a_session_that_was_ended_elsewhere_is_said_to_be_over(desk: Desk, team: str) -> None:
    house = desk.house
    call(house, "1", team, customer=HERE)
    token = token_of(house, f"{team}-gone", Role.AGENT, teams=(team,))
    screen = desk.screen(token)
    screen.open("/line")
    page = screen.page
    is_live(page)
    with house.runtime.store.begin() as transaction:
        person = people.find(house.runtime.store, f"{team}-gone@desk.example")
        sessions.end_all(transaction, person.id, house.runtime.clock.now())
    call(house, "2", team, customer=HERE)
    expect(page.locator("#live-status")).to_contain_text("The session is over")
    page.locator("#live-status a").click()
    assert page.url.endswith("/sign-in?ended=yes&next=%2Fline")
    screen.is_clean()


def test_held_by_a_key_nothing_changes_until_it_goes_on(desk: Desk, team: str) -> None:
    key = call(desk.house, "1", team, customer=HERE)
    page = opened(desk, team, "/line").page
    page.keyboard.press("p")
    expect(page.locator("#live-status")).to_have_text("held: p goes on")
    asked(desk.house, "callback.withdraw", key, reason="They wrote instead")
    page.keyboard.press("p")
    expect(page.locator(f'[data-id="{key}"]')).to_have_count(0)


def test_before_a_session_ends_one_key_goes_on_with_it(desk: Desk, team: str) -> None:
    token = token_of(desk.house, f"{team}-late", Role.AGENT, teams=(team,))
    screen = desk.screen(token)
    page = screen.page
    page.clock.install()
    page.route(re.compile(r"/live(\?|$)"), lambda route: route.abort())
    screen.open("/line")
    left = int(page.locator("#session-ends").get_attribute("data-left") or 0)
    assert left == 2 * 3600
    page.route("**/live/session", lambda route: (
        route.continue_() if route.request.method == "POST"
        else route.fulfill(json={"left": 15, "longest": 36_000})
    ))  # fmt: skip
    page.clock.fast_forward((left - 19) * 1000)
    page.clock.run_for(2_000)
    expect(page.locator("#session-ends")).to_be_visible()
    with page.expect_request(
        lambda one: one.url.endswith("/live/session") and one.method == "POST"
    ):  # nothing else makes it last longer
        page.keyboard.press("Enter")
    expect(page.locator("#session-ends")).to_be_hidden()


def test_before_a_call_is_lost_one_key_holds_it_and_the_form_stays_as_it_is(desk: Desk, team: str) -> None:
    house = desk.house
    key = call(house, "1", team, customer=HERE)
    screen = desk.screen(token_of(house, f"{team}-held", Role.AGENT, teams=(team,)))
    page = screen.page
    page.clock.install()
    screen.open("/line")
    page.locator('[data-key="n"]').click()
    page.wait_for_url("**/work/**")
    page.get_by_label("busy").check()
    page.locator("#field-note").fill("half a sente")
    page.clock.fast_forward(15 * 60 * 1000 - 18_000)
    dialog = page.locator("#lease-ends")
    expect(dialog).to_be_visible()
    assert found_by_axe(screen, desk.axe) == []
    before = revision(house, key)
    with page.expect_response("**/extend"):
        page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    assert revision(house, key) > before, "it is held anew"
    assert page.locator("#field-note").input_value() == "half a sente"
    assert page.get_by_label("busy").is_checked() and page.url.endswith(f"/work/{key}")
    screen.is_clean()


def revision(house: House, key: str) -> int:
    """How often it was decided about."""
    return len(house.get(f"/v1/subjects/{key}/timeline").json()["items"])


def test_what_waits_for_a_decision_is_said_to_have_changed_and_its_form_stays(desk: Desk, team: str) -> None:
    house = desk.house
    ladder = [{"people": ["bea@desk.example"], "within": "PT1H"}]
    key = f"approval:{team}"
    event = {
        "specversion": "1.0", "id": key, "source": "/tests", "type": "approval.request", "subject": key,
        "data": {"words": "A refund", "what": "refund", "amount": 40, "by": "o@shop.example",
                 "ladder": ladder},
    }  # fmt: skip
    assert house.post(event, Role.OPERATOR).status_code == 202
    house.apply()
    page = opened(desk, team, "/decisions").page
    field = page.locator(f'form[action="/decisions/{key}"] textarea')
    field.fill("half a reas")
    asked(house, "approval.withdraw", key, by="o@shop.example", reason="Not needed any more")
    expect(page.locator("#live-new button")).to_have_text("Changed: show it")
    assert field.input_value() == "half a reas"
    page.locator("#live-new button").click()
    expect(page.locator(f'form[action="/decisions/{key}"]')).to_have_count(0)
