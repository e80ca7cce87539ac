"""The page on which whoever calls is found: by number, name, words, and by how it stands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.conftest import House
from tests.api.signed_in import Browser, browser_of
from tests.api.test_desk import asked, working
from workflow.access.role import Role

MAX = {"key": "customer:max", "name": "Max Müller", "phone": "+49 30 987654", "account": "AB-47/11"}


@pytest.fixture(autouse=True)
def _working(house: House) -> Iterator[None]:
    """What comes in is decided."""
    with working(house):
        yield


@pytest.fixture(scope="module")
def agent(house: House) -> Browser:
    """Somebody's browser, and something to find."""
    for name, words in (("S-1", "The <b>boiler</b> leaks"), ("S-2", "A bill came twice")):
        asked(house, "case.open", f"case:{name}", customer=MAX, words=words, owner="olga@shop.example")
    house.apply()
    return browser_of(house, "finder", Role.AGENT)


@pytest.mark.parametrize("said", ["0049 30 987654", "030/98 76 54", "7654", "Muller", "Mueller", "ab4711"])
def test_a_caller_is_found_however_it_is_written(agent: Browser, said: str) -> None:
    page = agent.http.get("/search", params={"q": said})
    assert page.status_code == 200
    assert "/cases/S-1" in page.text and "/cases/S-2" in page.text


def test_words_are_marked_and_nothing_that_is_found_is_markup(agent: Browser) -> None:
    page = agent.http.get("/search", params={"q": "boiler"}).text
    assert "/cases/S-1" in page and "/cases/S-2" not in page
    assert "<b>boiler" not in page and "&lt;b&gt;" in page


def test_filters_narrow_and_empty_fields_do_not(agent: Browser) -> None:
    empty = {"state": "", "owner": "", "team": "", "due_before": "", "open": "", "cursor": ""}
    both = agent.http.get("/search", params={"q": "Müller", "lifecycle": "case", **empty}).text
    assert "/cases/S-1" in both and "/subjects/promise" not in both
    ended = agent.http.get("/search", params={"q": "Müller", "open": "no", "lifecycle": "case"}).text
    assert "/cases/S-1" not in ended and "Nothing fits" in ended


def test_a_wrong_date_is_said_beside_the_form_with_what_was_asked(agent: Browser) -> None:
    page = agent.http.get("/search", params={"q": "Müller", "due_before": "tomorrow"})
    assert page.status_code == 422
    assert 'href="#field-due_before"' in page.text and 'value="Müller"' in page.text


def test_a_page_leads_to_the_next(house: House, agent: Browser) -> None:
    for number in range(25):
        asked(
            house,
            "case.open",
            f"case:many-{number}",
            customer={"name": "Zoe"},
            words="quagga",
            owner="o@x.example",
        )
    first = agent.http.get("/search", params={"q": "quagga", "lifecycle": "case"}).text
    assert first.count("data-row") == 20
    cursor = first.partition("cursor=")[2].partition('"')[0]
    second = agent.http.get("/search", params={"q": "quagga", "lifecycle": "case", "cursor": cursor}).text
    assert second.count("data-row") == 5


def test_states_of_what_was_chosen_are_offered_by_their_names(agent: Browser) -> None:
    assert '<input id="field-state"' in agent.http.get("/search").text, "of anything there are too many"
    german = agent.http.get(
        "/search", params={"lifecycle": "promise"}, headers={"accept-language": "de"}
    ).text
    assert '<option value="lapsed">gebrochen</option>' in german and 'value="initial"' not in german
    kept = agent.http.get("/search", params={"lifecycle": "promise", "state": "of-old"}).text
    assert '<option value="of-old" selected>' in kept, "a link that was made by hand holds"
