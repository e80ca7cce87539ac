"""The stories of the missed appointment and of the late call, each from its first page to its last.

Agents and supervisors do all of it on pages: by keyboard alone, with a mouse, with a thumb; in English and in
German. What other systems say comes over the API, customers press the links that they were sent, time is
moved. After each step the page is looked at: nothing sticks out, nothing is said to the browser's console,
nothing the page's policy forbids was tried, and axe finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.api.signed_in import token_of
from tests.browser.conftest import Desk, Screen
from tests.browser.hands import Hands, Keyboard, Mouse
from tests.browser.moving_house import MovingHouse, moving_house
from tests.browser.test_pages import found_by_axe, too_wide
from workflow.access import invitations, people
from workflow.access.role import Role

pytestmark = pytest.mark.timeout(600)
"""A day is long: two minutes of work, half of them axe's, and several where others work on the machine."""
BERLIN, CHICAGO = ZoneInfo("Europe/Berlin"), ZoneInfo("America/Chicago")
BEGINS = datetime(2026, 9, 14, 5, 0, tzinfo=ZoneInfo("UTC"))
PASSWORD = "correct horse battery staple"
_NUMBERS = count(1)
WAYS: dict[str, dict[str, Any]] = {
    "desktop, English, keyboard alone": {"width": 1280, "locale": "en-GB"},
    "desktop, German": {"width": 1280, "locale": "de-DE", "color_scheme": "dark"},
    "phone, English": {"width": 390, "locale": "en-GB", "has_touch": True},
    "small phone, German": {"width": 320, "locale": "de-DE", "color_scheme": "dark", "has_touch": True},
}


@dataclass(slots=True)
class Person:
    """Somebody with a browser and hands."""

    story: Story
    address: str
    screen: Screen
    hands: Hands

    def open(self, path: str) -> None:
        """Open a page by its address."""
        self.screen.open(path)

    def find(self, selector: str) -> Locator:
        """The first on the page."""
        return self.screen.page.locator(selector).first

    def press(self, selector: str) -> None:
        """Press it."""
        self.screen.page.evaluate("document.body.dataset.pressed = ''")  # the next page does not have it
        self.hands.press(self.find(selector))

    def does(self, trigger: str, **said: str | datetime) -> None:
        """Fill in the form of what can happen now, send it, and be told that it is done.

        Names of fields have two underscores for each dot; an instant is written by the clock of the house.
        """
        form = f'form[action$="/do/{trigger}"]'
        self.hands.press(self.find(f"details:has({form}) > summary"))
        for name, value in said.items():
            one = self.find(f'{form} [name="{name.replace("__", ".")}"]')
            if not one.is_visible():
                self.press(f"{form} details.more > summary")
            if isinstance(value, datetime):
                self.hands.date(one, value.astimezone(BERLIN))
            else:
                self.hands.write(one, value)
        self.press(f"{form} button")
        self.is_told()
        self.story.house.settle()

    def sends(self) -> None:
        """Send the form behind a link, and all that follows of it happens."""
        self.press("button")
        expect(self.screen.page.locator("form")).to_have_count(0)
        self.story.house.settle()

    def is_told(self) -> str:
        """What the page says was done."""
        done = self.screen.page.locator("body:not([data-pressed]) p.done")
        expect(done).to_be_visible()
        assert self.screen.page.locator(".errors").count() == 0
        return done.inner_text()

    def looks(self, state: str) -> None:
        """The page is right as it is now."""
        screen, where = self.screen, f"{state}: {self.screen.page.url}"
        assert screen.page.locator("html").get_attribute("lang") == self.story.language, where
        assert too_wide(screen) == [], where
        assert found_by_axe(screen, self.story.desk.axe) == [], where
        assert screen.complaints == [], where
        screen.is_clean()
        self.story.seen.append(state)


@dataclass(slots=True)
class Story:
    """One telling: who takes part, at which kind of screen, and what was looked at."""

    house: MovingHouse
    desk: Desk
    way: str
    number: int
    seen: list[str] = field(default_factory=list)

    @property
    def language(self) -> str:
        """Of the pages."""
        return str(WAYS[self.way]["locale"])[:2]

    def person(self, name: str, *roles: Role) -> Person:
        """Somebody of the house who has signed in."""
        name = f"{name}{self.number}"
        screen = self.desk.screen(token_of(self.house.house, name, *roles), **WAYS[self.way])
        return Person(self, f"{name}@desk.example", screen, self._hands(screen))

    def signs_in(self, name: str, role: Role) -> Person:
        """Somebody who signs in by the page for that, and comes to today's."""
        name = f"{name}{self.number}"
        store, now = self.house.house.runtime.store, self.house.clock.now()
        known = people.add(store, people.checked(f"{name}@desk.example", name.title(), [role], now))
        invitations.choose(store, invitations.invite(store, known, now), PASSWORD, now)
        screen = self.desk.screen(None, **WAYS[self.way])
        person = Person(self, known.address, screen, self._hands(screen))
        person.open("/")
        person.looks("sign in")
        person.hands.write(person.find("#field-address"), known.address)
        person.hands.write(person.find("#field-password"), PASSWORD)
        person.press("main form button")
        screen.page.wait_for_url("**/")
        return person

    def customer(self) -> Person:
        """A customer, who signs in nowhere; they have a telephone."""
        options = {"width": 390, "locale": WAYS[self.way]["locale"], "has_touch": True}
        screen = self.desk.screen(None, **options)
        return Person(self, "", screen, Mouse(touch=True))

    def _hands(self, screen: Screen) -> Hands:
        if "keyboard" in self.way:
            return Keyboard(screen.page)
        return Mouse(touch=bool(WAYS[self.way].get("has_touch")))

    def next_day(self, hour: int, zone: ZoneInfo) -> Callable[[str], datetime]:
        """Go on to the next morning; from there on times of that day are said by its clock, as ``13:45``."""
        local = self.house.clock.now().astimezone(zone) + timedelta(days=1)
        begin = local.replace(hour=hour, minute=0, second=0, microsecond=0)
        self.house.until(begin)

        def at(clock: str, day: int = 0) -> datetime:
            hours, minutes = map(int, clock.split(":"))
            return begin.replace(hour=hours, minute=minutes) + timedelta(days=day)

        return at


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MovingHouse]:
    """One house for all tellings: each is on another day, of other people."""
    folder = tmp_path_factory.mktemp("days")
    with moving_house(
        folder, BEGINS, zone="Europe/Berlin", session_idle="P30D", session_length="P60D"
    ) as opened:
        yield opened


in_every_way = pytest.mark.parametrize("story", WAYS, indirect=True)
"""On a desktop and on telephones, in English and in German."""


@pytest.fixture
def story(request: pytest.FixtureRequest, house: MovingHouse, chromium: Browser, axe: str) -> Story:
    """A telling in one of the ways."""
    return Story(house, Desk(house.house, chromium, axe), request.param, next(_NUMBERS))


@pytest.mark.exhaustive
@in_every_way
def test_the_appointment_that_came_and_went(story: Story) -> None:
    house, n = story.house, story.number
    at = story.next_day(7, BERLIN)
    jonas = story.signs_in("jonas", Role.AGENT)
    cleo, karin = story.person("cleo", Role.AGENT), story.person("karin", Role.AGENT)
    omar = story.person("omar", Role.SUPERVISOR)
    tom, case = story.customer(), f"case:T{n}-1"
    mail = f"tom{n}@mail.example"
    house.event(
        "customer.known", f"customer:T{n}", name="Tom Berger", account=f"A-100-{n}", email=mail,
        phone=f"+4930444{n}", zone="Europe/Berlin", channels=["email"], quiet_hours=["23:30-05:30"],
        language=story.language,
    )  # fmt: skip
    house.event(
        "customer.reach_out", f"customer:T{n}", words="My line is dead. I was on hold for twenty minutes.",
        channel="phone", owner=karin.address, by=jonas.address, part=f"line {n}",
        facts={"account": f"A-100-{n}"}, ladder=[{"people": [omar.address], "within": "P1D"}],
        pace={"first_word": "PT12H", "plan": "P3D", "daily_word": "P5D", "check_in": "PT2H", "close": "PT3H"},
    )  # fmt: skip

    jonas.looks("today, nothing to do")
    jonas.press('[data-go="s"]')
    jonas.hands.write(jonas.find("#field-q"), f"030 / 444{n}")
    jonas.press("main form button")
    jonas.find(f'a[href="/cases/T{n}-1"]').wait_for()
    jonas.looks("search, found by a number")
    jonas.press(f'a[href="/cases/T{n}-1"]')
    jonas.does("acknowledge", understood="The line is dead.")
    jonas.does("step", step="reboot", result="still dead")
    jonas.does(
        "book", about="A technician at your line", windows__0__from=at("10:15"), windows__0__to=at("12:15"),
        spare__0__from=at("12:15"), spare__0__to=at("13:45"), lead="PT1H", owner="dispatch@net.example",
    )  # fmt: skip
    jonas.looks("case, with an appointment")
    visit = house.only("appointment", case)
    assert house.state(visit) == "booked"

    cleo.open(f"/cases/T{n}-1")
    assert cleo.screen.page.get_by_text("still dead").first.is_visible(), "what was tried is there to be seen"
    cleo.does("ask_fact", fact="account")
    cleo.does("ask_step", step="reboot")
    cleo.looks("case, somebody else's")
    assert [one.about for one in house.sent.notices() if one.address == cleo.address] == ["answer", "answer"]
    assert not [one for one in house.sent.notices() if (one.address, one.about) == (mail, "question")]

    house.event("appointment.delay", visit, at=at("16:45").isoformat())
    tom.open(house.link(mail, "new_time"))
    tom.looks("link, another time")
    tom.press("input[type=radio]")
    tom.sends()
    tom.looks("link, answered")
    assert house.state(visit) == "booked"
    house.until(at("11:15"))
    assert house.state(visit) == "at_risk", "nobody is on the way"
    jonas.open("/line")
    jonas.looks("line, empty")
    house.until(at("13:45"))
    assert house.state(visit) == "missed"

    escalation = house.only("escalation", visit)
    omar.open("/decisions")
    omar.looks("decisions, an escalation")
    omar.press(f'#waiting button[value="{escalation}"]')
    omar.is_told()
    omar.looks("work, an escalation")
    house.settle()
    jonas.open("/")
    jonas.looks("today, somebody waits")
    jonas.press('[data-key="n"]')
    jonas.screen.page.wait_for_url("**/work/callback:**")
    call = jonas.screen.page.url.rpartition("/")[2]
    assert jonas.screen.page.get_by_text("My line is dead.").first.is_visible(), (
        "the whole case lies beside it"
    )
    jonas.looks("work, a call")
    cleo.open(f"/work/{call}")
    assert cleo.find("#outcome").count() == 0
    cleo.looks("work, somebody else has it")
    jonas.press('[data-key="o1"]')
    jonas.hands.write(jonas.find("#field-note"), "We apologised")
    jonas.press("#outcome button")
    jonas.is_told()
    house.settle()
    assert (house.state(call), jonas.screen.page.url.rpartition("/")[2]) == ("reached", "line")
    jonas.looks("line, after an outcome")

    jonas.open(f"/subjects/{visit}")
    jonas.does("move", windows__0__from=at("15:45"), windows__0__to=at("17:45"), reason="nobody came")
    jonas.looks("appointment, other times on offer")
    tom.open(house.link(mail, "new_time"))
    tom.press("input[type=radio]")
    tom.sends()
    jonas.open(f"/subjects/{visit}")
    jonas.does("on_the_way")
    jonas.open(f"/cases/T{n}-1")
    jonas.does("calm")
    karin.open(f"/cases/T{n}-1")
    karin.does("plan", fix="a technician", prevent="dispatch confirms windows")
    karin.looks("case, planning")
    karin.does("agree")
    house.until(at("15:50"))
    house.event("appointment.arrived", visit)
    house.event("appointment.done", visit, result="the line is measured")
    karin.open(f"/cases/T{n}-1")
    karin.does("deliver", evidence="The line is measured")
    karin.looks("case, delivered")

    house.until(at("17:50"))
    tom.open(house.link(mail, "check_in"))
    tom.looks("link, does it work")
    tom.press("input[type=radio]")
    tom.sends()
    assert house.state(case) == "verified"
    tom.open(house.link(mail, "survey"))
    tom.looks("link, three questions")
    for name in ("care", "help", "trust"):
        tom.press(f'input[name="{name}"][value="4"]')
    tom.sends()

    karin.open(f"/cases/T{n}-1")
    karin.press('details:has(form[action$="/do/document"]) > summary')
    karin.looks("case, a long form is open")
    karin.open(f"/cases/T{n}-1")
    karin.does(
        "document", what__part=f"line {n}", what__when="this week", what__tried="on hold, and a reboot",
        what__answered="that somebody would come", what__not_enough="nobody came",
        why__expectations="a window was agreed and not confirmed", why__checked_in="not before he asked",
        why__answered_at_once="after twenty minutes", why__verified="the line was measured",
        why__over_promised="the window was never free", why__cause="no window confirmed",
        different__process="dispatch confirms a window before it is promised",
        different__empowered="the desk may book by itself", different__right_people="yes, once they knew",
    )  # fmt: skip
    assert house.told(jonas.address, "ended").words.count("dispatch confirms a window") == 1
    karin.open(f"/alerts?part=line+{n}")
    karin.looks("alerts, found by part")
    karin.press(f'main a[href*="T{n}-1"]')
    karin.looks("alert")
    omar.open("/barometer")
    omar.looks("barometer")
    house.until(at("17:50") + timedelta(hours=4))
    karin.open(f"/cases/T{n}-1")
    karin.looks("case, closed")
    assert (house.state(case), house.state(visit)) == ("closed", "done")


@pytest.mark.exhaustive
@in_every_way
def test_the_call_that_came_too_late(story: Story) -> None:
    house, n = story.house, story.number
    at = story.next_day(10, CHICAGO)
    nora, lee = story.person("nora", Role.AGENT), story.signs_in("lee", Role.AGENT)
    paul, ines = story.person("paul", Role.SUPERVISOR), story.person("ines", Role.SUPERVISOR)
    mail, case = f"daniel{n}@mail.example", f"case:D{n}-1"
    house.event(
        "customer.known", f"customer:D{n}", name="Daniel Adler", email=mail, phone=f"+1312555{n:04}",
        zone="America/Chicago", window=["09:00-15:30", "16:15-20:00"], quiet_hours="21:00-07:00",
        channels=["email"], language=story.language,
    )  # fmt: skip
    house.event(
        "customer.reach_out", f"customer:D{n}", words="You do not take back what I bought last week.",
        channel="phone", owner=nora.address, by=nora.address,
        pace={"first_word": "PT12H", "plan": "P3D", "daily_word": "P5D"},
        ladder=[
            {"people": [f"sam{n}@desk.example"], "within": "PT15M"}, {"people": [], "within": "PT15M"},
            {"people": [ines.address], "within": "PT2H"},
        ],
    )  # fmt: skip

    nora.open(f"/cases/D{n}-1")
    nora.looks("case, listening")
    nora.does("acknowledge", understood="We do not take something back that we sold.")
    nora.does(
        "promise", words="The manager calls you back within 2 to 4 hours", owner=paul.address,
        due_at=at("14:00"), warn_before="PT30M", act_within="PT3H", channel="email",
        call__claim_within="PT2H", call__lease="PT1H", call__rest="PT1H",
    )  # fmt: skip
    given = house.house.get("/v1/subjects", Role.OPERATOR, lifecycle="promise", parent=case).json()["items"]
    (promise,) = [one["key"] for one in given if one["data"]["words"].startswith("The manager")]
    assert house.state(promise) == "made"
    paul.open("/promises")
    paul.looks("promises, due")
    house.until(at("13:30"))
    assert house.told(paul.address, "nudge")
    paul.open("/")
    paul.looks("today, a promise at risk")
    paul.press(f'#risk-rows a[href="/subjects/{promise}"]')
    paul.looks("promise, at risk")
    paul.open(f"/explain/{promise}")
    paul.looks("explanation")

    house.until(at("14:00"))
    assert "14:00" in house.told(mail, "broken_promise").words, (
        "the customer hears it before they have to ask"
    )
    assert house.told(f"sam{n}@desk.example", "escalation")
    house.until(at("14:25"))
    escalation = house.only("escalation", promise)
    ines.open("/decisions")
    ines.press(f'#waiting button[value="{escalation}"]')
    ines.is_told()
    house.settle()
    ines.looks("work, an escalation")
    paul.open("/promises?standing=lapsed")
    paul.looks("promises, broken")
    paul.open(f"/subjects/{promise}")
    paul.looks("promise, broken")

    house.until(at("14:35"))
    lee.open("/line")
    lee.looks("line, somebody waits")
    lee.press('[data-key="n"]')
    lee.screen.page.wait_for_url("**/work/callback:**")
    call = lee.screen.page.url.rpartition("/")[2]
    house.until(at("14:40"))
    lee.press("#outcome button")
    assert lee.find("#outcome :invalid").count() == 1, (
        "it must be said how it went; the browser itself says so"
    )
    lee.press('[data-key="o2"]')
    lee.hands.write(lee.find("#field-note"), "rang out")
    lee.press("#outcome button")
    lee.is_told()
    house.settle()
    lee.open(f"/work/{call}")
    lee.looks("work, a call rests")
    assert house.state(call) == "resting"
    house.until(at("16:15"))
    assert house.state(call) == "waiting", "as soon as the customer may be called, and not within an hour"

    paul.open("/line")
    paul.press('[data-key="n"]')
    paul.screen.page.wait_for_url(f"**/work/{call}")
    paul.open(f"/subjects/{promise}")
    paul.does("displeasure", policy="returns", policy_owner="policies@store.example",
              words="You changed it under everybody's feet.")  # fmt: skip
    assert house.told("policies@store.example", "displeasure")
    paul.open(f"/work/{call}")
    paul.press('[data-key="o1"]')
    paul.hands.write(paul.find("#field-note"), "The return was taken")
    paul.press("#outcome button")
    paul.is_told()
    house.settle()
    nora.open(f"/subjects/{promise}")
    nora.looks("promise, kept late")
    assert (house.state(promise), house.state(call)) == ("kept_late", "reached")
    took_part = house.house.get(f"/v1/subjects/{promise}", Role.OPERATOR).json()["data"]["participants"]
    assert {one.address for one in (nora, paul, ines, lee)} <= set(took_part), "they hear how the case ends"
    nora.does("thanks", words="All is well. Please thank Nora for me.")
    assert "thank Nora" in house.told(lee.address, "thanks").words
    nora.looks("promise, thanks")
    assert house.state(promise) == "kept_late", "late stays late"
    paul.open("/decisions")
    paul.looks("decisions, none")
