"""A lifecycle's page: how many are in each state, in its drawing and in its table; one's own has it, too."""

from __future__ import annotations

import re

import pytest

from tests.api.conftest import House, order
from tests.api.signed_in import Browser, browser_of
from workflow.access.role import Role
from workflow.console.labels import labels
from workflow.queries.state_counts import state_counts


@pytest.fixture(scope="module")
def agent(house: House) -> Browser:
    """Somebody's browser, and three orders of which one has ended."""
    for number in "123":
        assert house.post(order("place", f"l{number}", f"l{number}", amount=5)).status_code == 202
    house.apply()
    return browser_of(house, "counter", Role.AGENT)


def test_states_are_counted_and_each_number_leads_to_its_subjects(house: House, agent: Browser) -> None:
    page = agent.get("/lifecycles/order").text
    ((place, number),) = re.findall(r'href="(/search\?lifecycle=order&amp;state=\w+)"[^>]*>(\d+)</a>', page)
    assert number == "3"
    assert agent.get(place.replace("&amp;", "&")).text.count("data-row") == 3


def test_the_drawing_has_the_same_numbers(agent: Browser) -> None:
    drawing = agent.http.get("/lifecycles/order/counts.svg")
    assert (
        drawing.headers["content-type"] == "image/svg+xml"
        and "unsafe" not in drawing.headers["content-security-policy"]
    )
    assert re.findall(r'class="stays"[^>]*>(\d+)<', drawing.text).count("3") == 1


def test_the_drawing_is_in_the_words_of_its_page(agent: Browser) -> None:
    drawing = agent.http.get("/lifecycles/promise/counts.svg", headers={"Accept-Language": "de"}).text
    label = labels("de")
    assert f">{label('state', 'lapsed', 'promise')}<" in drawing and ">lapsed<" not in drawing
    assert label("lifecycle", "promise") in drawing


def test_counts_are_asked_for_anew_while_the_page_is_open(house: House, agent: Browser) -> None:
    def counts() -> str:
        page = agent.get("/lifecycles/order").text
        part = page[page.index('<div id="counts"') :]
        assert re.search(r'data-live="" data-every="\d+"', part), "the script asks for this part by itself"
        return part[: part.index("</div>")]

    before = counts()
    house.post(order("place", "l-more", "l-more", amount=5))
    house.apply()
    assert counts() != before
    house.post(order("cancel", "l-more", "l-more-end", reason="only counted"))
    house.apply()


def test_more_than_anybody_reads_are_not_counted(house: House, agent: Browser) -> None:
    states = house.runtime.registry.latest("order").states
    assert max(state_counts(house.runtime.store, "order", states, most=2).values()) == 3
    assert state_counts(house.runtime.store, "order", []) == {}


def test_there_are_no_pages_of_lifecycles_that_nobody_knows(agent: Browser) -> None:
    assert agent.get("/lifecycles/nothing").status_code == 404
    assert agent.get("/lifecycles/nothing/counts.svg").status_code == 404
    assert 'href="/lifecycles/order"' in agent.get("/lifecycles").text
