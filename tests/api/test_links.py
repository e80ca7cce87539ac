"""Signed links: who holds one answers once, in time, without a login; looking never changes anything."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tasks.channels.port import Notice
from tests.api.front_door import Story
from tests.api.mailbox import links_in
from workflow.recovery.links import Expired, Forged, Pass, link_secret, sign, verified
from workflow.settings import Settings

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
SECRET = b"a secret of at least sixteen bytes"
WHICH = Pass("appointment:A-1/1/0", "pick", NOON + timedelta(days=1))
KEY = "appointment:A-1"
CUSTOMER = {"email": "ben@home.example", "zone": "Europe/Berlin", "language": "de"}
TOMORROW = {"from": "2026-07-02T08:00:00Z", "to": "2026-07-02T10:00:00Z"}
LATER = {"from": "2026-07-03T08:00:00Z", "to": "2026-07-03T10:00:00Z"}


def test_a_token_says_what_was_signed_until_it_expires() -> None:
    token = sign(SECRET, WHICH)
    assert verified(SECRET, token, NOON) == WHICH
    assert len(token) < 100 and token.replace(".", "").replace("-", "").replace("_", "").isalnum()
    with pytest.raises(Expired):
        verified(SECRET, token, WHICH.expires_at)


def test_no_change_of_a_single_character_passes() -> None:
    token = sign(SECRET, WHICH)
    for place in range(len(token)):
        for other in "A-_.9z":
            if token[place] != other:
                with pytest.raises(Forged):
                    verified(SECRET, token[:place] + other + token[place + 1 :], NOON)


@pytest.mark.parametrize(
    "text",
    ["", ".", "a.b", "x" * 2000, "ä.ö", sign(b"another secret altogether", WHICH), sign(SECRET, WHICH) + "!"],
)
def test_what_was_not_signed_here_is_forged(text: str) -> None:
    with pytest.raises(Forged):
        verified(SECRET, text, NOON)


def test_the_secret_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    first = link_secret(settings)
    assert first == link_secret(settings) and len(first) > 30
    assert (tmp_path / "data" / "link-secret").stat().st_mode & 0o777 == 0o600
    assert [one.name for one in (tmp_path / "data").iterdir()] == ["link-secret"]
    assert (
        link_secret(Settings(data_dir=tmp_path, link_secret="set by the operator")) == b"set by the operator"
    )


@pytest.fixture
def story(database_url: str, tmp_path: Path) -> Iterator[Story]:
    """An installation on a clock that the test moves."""
    told = Story(database_url, tmp_path, NOON)
    yield told
    told.close()


def offer(story: Story, **more: object) -> Notice:
    """An appointment is offered; the notice with the link."""
    data = {
        "about": "Ihr Anschluss",
        "customer": CUSTOMER,
        "owner": "dispatch@shop.example",
        "windows": [TOMORROW, LATER],
    }
    story.post("appointment.offer", KEY, data | more)
    return story.mailbox.notices[-1]


def test_a_link_is_followed_and_answered_once(story: Story) -> None:
    notice = offer(story)
    page = story.browse(notice)
    assert page.status_code == 200 and '<html lang="de">' in page.text
    assert "Donnerstag, 2. Juli, 10:00 bis 12:00" in page.text and "Absenden" in page.text
    assert (
        page.headers["referrer-policy"] == "no-referrer"
        and "default-src 'none'" in page.headers["content-security-policy"]
    )
    assert story.state(KEY) == "offered", "looking changes nothing"

    thanks = story.follow(notice, choice="1")
    assert thanks.status_code == 200 and "Vielen Dank" in thanks.text
    assert (story.state(KEY), story.data(KEY)["window"]) == ("booked", LATER)

    again = story.browser.post(str(page.url), data={"choice": "0"})
    assert again.status_code == 409
    assert "Freitag, 3. Juli, 10:00 bis 12:00" in again.text and "2. Juli" not in again.text
    assert story.data(KEY)["window"] == LATER
    assert story.browse(notice).status_code == 200 and "schon geantwortet" in story.browse(notice).text


def test_of_many_answers_at_once_one_is_the_answer_and_all_others_are_told_which(story: Story) -> None:
    url = str(story.browse(offer(story)).url)

    def answered(choice: int) -> tuple[int, str]:
        page = TestClient(story.browser.app).post(url, data={"choice": str(choice % 2)})
        return page.status_code, page.text

    with ThreadPoolExecutor(6) as pool:
        pages = list(pool.map(answered, range(6)))
    assert sorted(status for status, _ in pages) == [200, 409, 409, 409, 409, 409]
    story.settle()
    picked = story.data(KEY)["window"]
    day = "2. Juli" if picked == TOMORROW else "3. Juli"
    assert all(day in text for status, text in pages if status == 409)


def test_nothing_chosen_is_asked_again_and_nothing_is_stored(story: Story) -> None:
    page = story.browse(offer(story))
    for form in ({}, {"choice": "2"}, {"choice": "-1"}, {"choice": "x"}, {"window": "1"}):
        answer = story.browser.post(str(page.url), data=form)
        assert answer.status_code == 422 and "aria-invalid" in answer.text
    story.settle()
    assert story.state(KEY) == "offered"


def test_an_expired_link_and_a_forged_one_say_so(story: Story) -> None:
    notice = offer(story)
    url = str(story.browse(notice).url)
    forged = story.browser.get(
        url[:-1] + ("A" if url[-1] != "A" else "B"), headers={"Accept-Language": "de-AT,en"}
    )
    assert forged.status_code == 404 and "kennen wir nicht" in forged.text
    story.until(NOON + timedelta(days=3))
    for late in (story.browser.get(url), story.browser.post(url, data={"choice": "0"})):
        assert late.status_code == 410 and "expired" in late.text
    assert story.state(KEY) == "offered"


def test_what_can_no_longer_be_chosen_is_not_offered_on_the_page(story: Story) -> None:
    notice = offer(story)
    story.until(NOON + timedelta(days=1))
    page = story.browse(notice)
    assert page.status_code == 200 and "3. Juli" in page.text and "2. Juli" not in page.text
    assert 'value="1"' in page.text and 'value="0"' not in page.text, "the places are those of the notice"
    assert story.browser.post(str(page.url), data={"choice": "0"}).status_code == 409
    other = {"from": "2026-07-06T08:00:00Z", "to": "2026-07-06T10:00:00Z"}
    story.post("appointment.move", KEY, {"windows": [other], "reason": "der Wagen"})
    assert story.browse(notice).status_code == 410, "none of what it offers is left"


def test_a_link_whose_question_is_settled_says_so(story: Story) -> None:
    notice = offer(story)
    story.post("appointment.cancel", KEY, {"reason": "moved house"})
    page = story.browse(notice)
    assert page.status_code == 410 and "Das ist erledigt" in page.text
    assert story.browser.post(str(page.url), data={"choice": "0"}).status_code == 410


def test_what_is_no_longer_on_offer_is_told_at_once_and_another_may_be_chosen(story: Story) -> None:
    first = offer(story)
    story.post("appointment.move", KEY, {"windows": [LATER], "reason": "Krankheit"})
    late = story.follow(first, choice="0")
    assert late.status_code == 409 and "nicht mehr frei" in late.text
    assert story.follow(first, choice="1").status_code == 200
    assert story.data(KEY)["window"] == LATER


def test_why_not_is_a_sentence_without_names_of_our_own(story: Story) -> None:
    ladder = [{"people": ["lee@shop.example"], "within": "PT1H"}]
    story.post("escalation.open", "escalation:E-1", {"words": "It is cold", "ladder": ladder})
    notice = story.mailbox.notices[-1]
    story.post("escalation.reassign", "escalation:E-1", {"to": "mia@shop.example", "by": "head@shop.example"})
    pages = [path for path in links_in(notice) if 'name="reason"' in story.browser.get(path).text]
    (late,) = [story.browser.post(path, data={"reason": "I am on a train"}) for path in pages]
    assert late.status_code == 409
    assert "Others have it now; there is nothing left for you to refuse.</p>" in late.text


def test_a_link_opens_nothing_but_its_own_question(story: Story) -> None:
    offer(story)
    secret = link_secret(story.runtime.settings)
    for effect, name in (("appointment:A-1/1/0", "other"), ("appointment:A-1/9/0", "pick")):
        token = sign(secret, Pass(effect, name, NOON + timedelta(days=1)))
        assert story.browser.get(f"/l/{token}").status_code == 404


def test_the_api_shows_places_and_no_links(story: Story) -> None:
    offer(story)
    text = story.http.get(f"/v1/subjects/{KEY}").text
    assert "{{link.pick}}" in text and "/l/" not in text


def test_over_each_channel_go_its_own_words_with_the_same_link(story: Story) -> None:
    by_mail = offer(story)
    story.post(
        "appointment.offer",
        "appointment:A-2",
        {
            "about": "Ihr Anschluss",
            "customer": CUSTOMER | {"phone": "+4930123456", "channels": ["sms", "email"]},
            "owner": "dispatch@shop.example",
            "windows": [TOMORROW],
        },
    )
    by_sms = story.mailbox.notices[-1]
    assert (by_mail.channel, by_sms.channel) == ("email", "sms")
    assert "auch keine Anmeldung" in by_mail.words and "auch keine Anmeldung" not in by_sms.words
    assert story.browse(by_sms).status_code == 200
