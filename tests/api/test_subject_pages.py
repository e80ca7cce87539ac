"""Any subject in a browser: forms out of its definition, what was decided, and the story of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from tests.api.conftest import House, order
from tests.api.signed_in import Browser, Forms, browser_of
from tests.api.test_desk import asked, working
from tests.waiting import wait_until
from workflow.access import people, sessions
from workflow.access.role import Role
from workflow.api.browser import limits_of
from workflow.console.labels import labels

_NAMES = count(1)
CHRIS = {"name": "Chris", "phone": "+49 30 1234", "zone": "Asia/Tokyo", "key": "customer:chris"}
SOON, LATER = "2026-07-01T14:00:00Z", "2026-07-01T18:00:00Z"


@pytest.fixture(autouse=True)
def _working(house: House) -> Iterator[None]:
    """What comes in is decided."""
    with working(house):
        yield


def somebody(house: House, *roles: Role) -> tuple[str, Browser]:
    """An address, and the browser of whoever has it."""
    name = f"olga{next(_NAMES)}"
    return f"{name}@desk.example", browser_of(house, name, *(roles or (Role.AGENT,)))


def promise(house: House, **more: object) -> str:
    """A promise to Chris."""
    key = f"promise:page-{next(_NAMES)}"
    said = {"words": "We send a modem", "owner": "olga@shop.example", "due_at": SOON, "customer": CHRIS}
    asked(house, "promise.make", key, **said | more)
    return key


def case(house: House) -> str:
    """A case of Chris, in which we listen."""
    key = f"case:page-{next(_NAMES)}"
    asked(
        house, "case.open", key, customer=CHRIS, words="The <i>modem</i> is dead", owner="olga@shop.example"
    )
    return key


def offered(browser: Browser, page: str) -> set[str]:
    """The triggers whose forms a page has."""
    return {action.rpartition("/do/")[2] for action, _, _ in browser.forms(page).all if "/do/" in action}


def subject(house: House, key: str) -> dict[str, object]:
    """As the API shows it."""
    found: dict[str, object] = house.get(f"/v1/subjects/{key}").json()
    return found


def test_where_nobody_knows_the_zone_of_a_customer_times_are_by_the_clock_of_who_reads(house: House) -> None:
    key = f"case:page-{next(_NAMES)}"
    asked(house, "case.open", key, customer={"name": "Kim"}, words="It is dead", owner="olga@shop.example")
    _, browser = somebody(house)
    set_to = {"name": "Olga", "zone": "Asia/Kolkata", "language": "en", "shortcuts": "on"}
    assert browser.send("/admin/me", "/admin/me/settings", **set_to).status_code == 303
    for place in (f"/cases/{key.partition(':')[2]}", f"/v1/{key.replace('case:', 'cases/')}/packet"):
        page = browser.get(place).text
        assert "(Asia/Kolkata)" in page and "(UTC)" not in page, place


def test_what_has_ended_is_not_due_in_an_hour(house: House) -> None:
    key = promise(house)
    _, browser = somebody(house)
    due = browser.get(f"/subjects/{key}").text.partition('id="facts"')[2].partition("</dl>")[0]
    assert "data-relative" in due
    asked(house, "promise.keep", key, by="olga@shop.example")
    due = browser.get(f"/subjects/{key}").text.partition('id="facts"')[2].partition("</dl>")[0]
    assert "2026-07-01T14:00:00Z" in due and "data-relative" not in due


def test_a_promise_is_kept_with_evidence_by_whoever_signed_in(house: House) -> None:
    key = promise(house)
    address, browser = somebody(house)
    page = f"/subjects/{key}"
    assert offered(browser, page) >= {"keep", "renegotiate", "hand_over"}
    text = browser.get(page).text
    assert "Wed 1 Jul 2026, 23:00 (Asia/Tokyo)" in browser.get("/promises").text, "by the customer's clock"
    drawn = f"/lifecycles/promise/{subject(house, key)['version']}/drawing.svg?state=made"
    assert f'src="{drawn}&amp;language=en"' in text
    done = browser.send(page, f"{page}/do/keep", evidence="Tracking 42", by="eve@x.example")
    assert (done.status_code, done.headers["location"]) == (303, page)
    found = subject(house, key)
    assert found["state"] == "kept"
    text = browser.get(page).text
    assert "The promise is kept." in text and "Tracking 42" in text and address in text
    assert "eve@x.example" not in text
    assert offered(browser, page) == {"thanks", "displeasure"}, "what a kept promise takes"


def test_a_new_date_needs_a_reason_and_is_by_the_clock_of_whoever_writes_it(house: House) -> None:
    key = promise(house)
    _, browser = somebody(house)
    place = f"/subjects/{key}/do/renegotiate"
    wrong = browser.send(f"/subjects/{key}", place, due_at="2026-07-01T20:00")
    assert wrong.status_code == 422
    assert re.search(
        r'aria-invalid="true"[^>]*aria-describedby="[^"]*wrong-field-renegotiate-reason', wrong.text
    )
    past = browser.send(f"/subjects/{key}", place, due_at="2026-06-01T20:00", reason="The shop was shut")
    assert past.status_code == 409
    assert "lies in the past" in past.text and "The shop was shut" in past.text, "what was written is kept"
    done = browser.send(f"/subjects/{key}", place, due_at="2026-07-01T20:00", reason="The shop was shut")
    assert done.status_code == 303
    data = subject(house, key)["data"]
    assert isinstance(data, dict) and data["due_at"] == "2026-07-01T20:00:00Z"


def test_a_promise_is_handed_over_and_withdrawn_only_by_who_answers_for_others(house: House) -> None:
    key = promise(house)
    _, agent = somebody(house)
    _, supervisor = somebody(house, Role.SUPERVISOR)
    page = f"/subjects/{key}"
    assert agent.send(page, f"{page}/do/hand_over", to="bea@shop.example").status_code == 303
    assert "withdraw" not in offered(agent, page)
    fields = agent.forms(page).to(f"{page}/do/keep")
    refused = agent.post(f"{page}/do/withdraw", fields | {"reason": "No need"})
    assert refused.status_code == 403 and subject(house, key)["state"] == "made"
    assert supervisor.send(page, f"{page}/do/withdraw", reason="No need").status_code == 303
    assert subject(house, key)["state"] == "withdrawn"


def test_whether_the_new_owner_is_there_is_said_with_the_hand_over(house: House) -> None:
    store, now = house.runtime.store, house.runtime.clock.now()
    _, agent = somebody(house)
    there, away = f"there-{uuid4().hex}@desk.example", f"away-{uuid4().hex}@desk.example"
    for address, ago in ((there, timedelta(minutes=2)), (away, timedelta(minutes=30))):
        person = people.add(store, people.checked(address, "Somebody", [Role.AGENT], now))
        with store.begin() as transaction:
            limits = limits_of(house.runtime.settings)
            sessions.begin(transaction, person, now - ago, limits, "127.0.0.1", "a browser")
    for to, words in (
        (there, "who is there"),
        (away, "Nobody has seen them"),
        ("x@shop.example", "handed over"),
    ):
        page = f"/subjects/{promise(house)}"
        assert agent.send(page, f"{page}/do/hand_over", to=to).status_code == 303
        assert words in agent.get(page).text, to


@pytest.mark.parametrize(
    ("key", "trigger"),
    [("approval:1", "grant"), ("policy:1", "set"), ("team:desk", "set"), ("customer:1", "merge"),
     ("promise:{}", "lapse"), ("promise:{}", "callback_news"), ("promise:{}", "make")],
)  # fmt: skip
def test_what_is_no_persons_by_a_page_is_not_sent(house: House, key: str, trigger: str) -> None:
    known = promise(house)
    _, browser = somebody(house, Role.ADMIN)
    fields = browser.forms(f"/subjects/{known}").to(f"/subjects/{known}/do/keep")
    before = house.counts()
    place = known if "{}" in key else key
    assert browser.post(f"/subjects/{place}/do/{trigger}", fields).status_code in (403, 404)
    assert house.counts() == before


def test_a_case_is_worked_on_with_its_packet_and_its_story(house: House) -> None:
    key = case(house)
    page = f"/cases/{key.partition(':')[2]}"
    address, browser = somebody(house)
    assert browser.http.get(f"/subjects/{key}").headers["location"] == page
    text = browser.get(page).text
    assert "The &lt;i&gt;modem&lt;/i&gt; is dead" in text and "Known: do not ask again" in text
    done = browser.send(page, f"/subjects/{key}/do/step", step="reboot", result="still dead")
    assert (done.status_code, done.headers["location"]) == (303, page)
    browser.send(page, f"/subjects/{key}/do/promise", words="A new modem", within="PT4H")
    text = browser.get(page).text
    assert "still dead" in text and "A new modem" in text
    data = subject(house, key)["data"]
    assert isinstance(data, dict) and data["steps"][0]["by"] == address
    assert len(data["promises"]) >= 1
    wrong = browser.send(page, f"/subjects/{key}/do/promise", words="Another", within="soon")
    assert wrong.status_code == 422 and "within" in wrong.text


def test_objects_and_lists_of_a_trigger_are_fields_of_its_form(house: House) -> None:
    key = case(house)
    page = f"/cases/{key.partition(':')[2]}"
    _, browser = somebody(house)
    booked = browser.send(
        page, f"/subjects/{key}/do/book", about="The modem",
        **{"windows.0.from": "2026-07-02T09:00", "windows.0.to": "2026-07-02T12:00"},
    )  # fmt: skip
    assert booked.status_code == 303

    def children() -> Any:
        return house.get("/v1/subjects", lifecycle="appointment", parent=key).json()["items"]

    wait_until(children, seconds=60, what="the appointment to be opened, by a decision of its own")
    (child,) = children()
    assert child["data"]["windows"][0]["from"] == "2026-07-02T09:00:00Z"


def test_a_lifecycle_of_ones_own_has_its_page_by_itself(house: House) -> None:
    house.post(order("place", "page-1", "page-1", amount=5))
    house.apply()
    _, browser = somebody(house)
    page = "/subjects/order:page-1"
    assert offered(browser, page) == {"ship", "cancel", "divide"}, "not its own timer's"
    text = browser.get(page).text
    assert "order page-1" in text and 'name="reason"' in text
    assert re.search(r'name="by"[^>]* inputmode="numeric"', text), "a number is not who acts"
    wrong = browser.send(page, f"{page}/do/divide", by="many")
    assert wrong.status_code == 422 and "must be a number" in wrong.text
    assert browser.send(page, f"{page}/do/divide", by="2").status_code == 303
    assert browser.send(page, f"{page}/do/cancel", reason="They changed their mind").status_code == 303
    text = browser.get(page).text
    assert "This has come to its end." in text and "They changed their mind" in text
    drawing = browser.http.get("/lifecycles/order/1/drawing.svg?state=cancelled")
    assert drawing.headers["content-type"].startswith("image/svg+xml")
    assert "unsafe" not in drawing.headers["content-security-policy"]
    assert re.search(r'<rect class="final present"', drawing.text)
    assert browser.http.get("/lifecycles/order/1/drawing.svg?state=nowhere").status_code == 404
    assert browser.http.get("/lifecycles/order/1/drawing.svg?state=placed&language=xx").status_code == 404


def test_the_drawing_is_in_the_words_of_its_page(house: House) -> None:
    key, german = promise(house), {"Accept-Language": "de"}
    _, browser = somebody(house)
    text = browser.http.get(f"/subjects/{key}", headers=german).text
    source = re.search(r'src="(/lifecycles/promise/[^"]*)"', text)
    assert source is not None and source[1].endswith("&amp;language=de")
    drawing = browser.http.get(source[1].replace("&amp;", "&"), headers=german).text
    label = labels("de")
    for kind, name in (("state", "lapsed"), ("state", "at_risk"), ("trigger", "keep")):
        assert f">{label(kind, name, 'promise')}<" in drawing, name
        assert f">{name}<" not in drawing, "no name of a definition"
    width, height = re.search(r'width="(\d+)" height="(\d+)" loading', text).groups()  # type: ignore[union-attr]
    assert f'viewBox="0 0 {width} {height}"' in drawing, "the page keeps room for it"


def test_a_form_that_comes_twice_is_sent_once(house: House) -> None:
    key = case(house)
    page = f"/cases/{key.partition(':')[2]}"
    _, browser = somebody(house)
    place = f"/subjects/{key}/do/step"
    form = browser.forms(page).to(place) | {"step": "reboot", "result": "dead"}
    assert [browser.post(place, form).status_code for _ in range(3)] == [303, 303, 303]
    data = subject(house, key)["data"]
    assert isinstance(data, dict) and len(data["steps"]) == 1


def test_the_board_has_what_is_due_next_first_and_the_broken_by_themselves(house: House) -> None:
    later, sooner = (
        promise(house, due_at=LATER, words="The later one"),
        promise(house, words="The sooner one"),
    )
    _, browser = somebody(house)
    text = browser.get("/promises").text
    assert text.index("The sooner one") < text.index("The later one")
    assert sooner in text and later in text
    for standing in ("at_risk", "lapsed", "waiting"):
        assert browser.get(f"/promises?standing={standing}").status_code == 200
    assert browser.get("/promises?cursor=nowhere").status_code == 422
    assert browser.get("/promises?standing=late").status_code == 422


def test_an_approval_is_decided_by_who_was_asked_or_a_supervisor_with_a_reason(house: House) -> None:
    key = f"approval:page-{next(_NAMES)}"
    asked_one, browser = somebody(house)
    event = {
        "specversion": "1.0", "id": key, "source": "/tests", "type": "approval.request", "subject": key,
        "data": {"words": "A refund of 40", "what": "refund", "amount": 40, "by": "cy@shop.example",
                 "ladder": [{"people": [asked_one], "within": "PT4H"}], "reason": "More than I may"},
    }  # fmt: skip
    assert house.post(event, Role.OPERATOR).status_code == 202
    house.apply()
    _, other = somebody(house)
    _, supervisor = somebody(house, Role.SUPERVISOR)
    place = f"/decisions/{key}"
    assert "A refund of 40" in other.get("/decisions").text
    refused = other.send("/decisions", place, decision="granted", reason="I like it")
    assert refused.status_code == 403 and subject(house, key)["state"] == "asked"
    silent = supervisor.send("/decisions", place, decision="granted")
    assert silent.status_code == 403 and "says why they decide" in silent.text
    silent = browser.send("/decisions", place, decision="refused")
    assert silent.status_code == 422 and "Say why it is refused." in silent.text
    done = browser.send("/decisions", place, decision="granted", amount="30", by="eve@x.example")
    assert (done.status_code, done.headers["location"]) == (303, "/decisions")
    data = subject(house, key)["data"]
    assert isinstance(data, dict)
    assert (data["decided_by"], data["granted"]) == (asked_one, 30)
    late = supervisor.post(
        place, supervisor.forms("/promises").all[0][1] | {"decision": "granted", "reason": "x"}
    )
    assert late.status_code == 409


def test_pages_speak_the_language_of_whoever_looks(house: House) -> None:
    key = promise(house)
    _, browser = somebody(house)
    browser.http.headers["Accept-Language"] = "fr, de-AT;q=0.8, en;q=0.5"
    text = browser.get(f"/subjects/{key}").text
    assert '<html lang="de">' in text and "Was jetzt geschehen kann" in text and ">gegeben<" in text
    browser.send("/admin/me", "/admin/me/settings", name="Olga", language="en", zone="Asia/Kolkata")
    text = browser.get(f"/subjects/{key}").text
    assert '<html lang="en">' in text, "what somebody has chosen goes before what their browser asks"
    assert "17:30 (Asia/Kolkata)" in browser.get("/").text


def test_a_page_says_who_a_promise_is_to_and_how_they_are_reached(house: House) -> None:
    key = promise(house, team="billing")
    text = browser_text(house, f"/subjects/{key}")
    facts = re.search(r'<dl class="facts" id="facts".*?</dl>', text, re.DOTALL)
    assert facts is not None
    assert 'Chris · <a href="tel:+49301234">+49 30 1234</a>' in facts[0]
    assert "olga@shop.example" in facts[0] and "billing" in facts[0]
    assert "Wed 1 Jul 2026, 23:00 (Asia/Tokyo)" in facts[0]


def test_two_who_may_be_one_person_are_said_to_be_two_or_one_in_the_browser(house: House) -> None:
    for number, name in enumerate(("Ada", "Ben")):
        profile = {"name": name, "phone": "+49 30 5550100"}
        asked(house, "customer.known", f"customer:like-{number}", **profile)
        customer = {"key": f"customer:like-{number}", **profile}
        asked(
            house,
            "case.open",
            f"case:like-{number}",
            customer=customer,
            words="It is dead",
            owner="o@x.example",
        )
    _, browser = somebody(house)

    def asked_about() -> str | None:
        found = re.search(r'href="(/subjects/likeness:[^"#]+)#forms"', browser.get("/cases/like-1").text)
        return found[1] if found else None

    wait_until(lambda: asked_about() is not None, seconds=60, what="the likeness is asked about")
    page = asked_about()
    assert page is not None and offered(browser, page) == {"merge", "not_the_same"}
    assert "POST /v1" not in browser.get("/cases/like-1").text
    assert browser.send(page, f"{page}/do/merge", reason="The same voice").status_code == 303
    apart = re.compile(r'href="(/subjects/customer:like-\d)#forms"')
    wait_until(
        lambda: apart.search(browser.get("/cases/like-0").text) is not None, seconds=60, what="they are one"
    )
    found = apart.search(browser.get("/cases/like-0").text)
    assert found is not None
    merged = found[1]
    assert offered(browser, merged) == {"separate"}
    assert browser.send(merged, f"{merged}/do/separate", reason="A couple").status_code == 303
    wait_until(lambda: offered(browser, merged) == set(), seconds=60, what="they are two again")


def browser_text(house: House, path: str) -> str:
    """A page as an agent sees it."""
    return somebody(house)[1].get(path).text


def test_what_moves_a_case_on_is_offered_first_and_its_problem_is_said_once(house: House) -> None:
    key = case(house)
    _, browser = somebody(house)
    page = f"/cases/{key.removeprefix('case:')}"
    text = browser.get(page).text
    forms = [action.rpartition("/do/")[2] for action, _, _ in Forms(text).all if "/do/" in action]
    moving = re.findall(r'<details class="moves"><summary>([^<]+)', text)
    assert forms[0] == "acknowledge" and moving[0] == "acknowledge" and len(moving) < len(forms)
    assert text.count("The &lt;i&gt;modem&lt;/i&gt; is dead</blockquote>") == 1


def test_a_fact_is_told_with_its_name_and_whoever_sent_something_by_their_address(house: House) -> None:
    key = case(house)
    address, browser = somebody(house)
    page, place = f"/cases/{key.removeprefix('case:')}", f"/subjects/{key}/do/tell_fact"
    assert browser.send(page, place, fact="serial_number", value="A-1").status_code == 303
    text = browser.get(page).text
    assert '<span class="words">serial_number</span>' in text and '<span class="words">A-1</span>' in text
    made = browser.send("/new/promise/make", "/new/promise/make", words="We call", within="2 h")
    text = browser.get(made.headers["location"]).text
    assert f"· {address}</span>" in text and f"person:{address}" not in text
