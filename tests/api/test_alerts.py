"""The archive over HTTP: searched by programs and by people, read as JSON, as Markdown and as a page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.api.conftest import NOON, House, open_house
from tests.workflow.complaints import CASE, DOCUMENTED
from workflow.recovery.archive.writing import write_alerts
from workflow.store import schema

_CASES = {"case:A/1": "The <i>modem</i> is dead", "case:A 2?": "", "case:B#2": "The bill is wrong"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door before two alerts."""
    with open_house(f"sqlite:///{tmp_path_factory.mktemp('alerts') / 'makegood.db'}") as opened:
        # Under the name of the catalog's own, and newer than that.
        opened.runtime.registry.register([(CASE.replace("version: 1", "version: 9999", 1), None)], NOON)
        for number, (key, words) in enumerate(_CASES.items()):
            if words:
                _documented(opened, number, key, words)
        yield opened


def _documented(house: House, number: int, key: str, words: str) -> None:
    for trigger, data in (
        ("open", {"customer": {"name": "Eva"}, "words": words, "by": "Anna"}),
        ("document", DOCUMENTED),
    ):
        event = {
            "specversion": "1.0", "id": f"{trigger}-{number}", "source": "/tests", "type": f"case.{trigger}",
            "subject": key, "data": data,
        }  # fmt: skip
        assert house.post(event).status_code == 202
    house.apply()
    with house.runtime.store.connect() as connection:
        effects = connection.execute(select(schema.outbox.c.key).where(schema.outbox.c.kind == "task"))
        for effect in effects.scalars():
            write_alerts(house.runtime.store, house.runtime.registry, [effect])


def test_a_search_finds_by_words_and_leads_to_the_alert(house: House) -> None:
    (found,) = house.get("/v1/alerts", words="MODEM dead", cause="dispatch", since="2026-07-01").json()[
        "items"
    ]
    assert (found["case"], found["version"], found["part"]) == ("case:A/1", 1, "modem")
    assert "modem" in [found["snippet"][start:end] for start, end in found["marks"]]
    alert = house.get(found["link"]).json()
    assert (alert["versions"], alert["document"]["words"]) == ([1], "The <i>modem</i> is dead")
    assert alert["at"] == NOON.isoformat().replace("+00:00", "Z")
    (other,) = house.get("/v1/alerts", words="bill wrong").json()["items"]
    assert house.get(other["link"]).json()["case"] == "case:B#2"


def test_an_alert_comes_in_the_form_that_is_asked_for(house: House) -> None:
    path = "/v1/alerts/case:A/1/latest"
    headers = house.bearer()
    markdown = house.http.get(path, headers=headers | {"Accept": "text/markdown"})
    assert markdown.headers["content-type"] == "text/markdown; charset=utf-8"
    assert markdown.text.startswith("# Service alert: modem: The \\<i>modem\\</i> is dead\n")
    page = house.http.get(path, headers=headers | {"Accept": "text/html,*/*;q=0.1"})
    assert page.headers["content-type"].startswith("text/html")
    assert "&lt;i&gt;modem&lt;/i&gt;" in page.text and "<i>modem" not in page.text
    assert house.http.get(path, headers=headers).headers["content-type"] == "application/json"


def test_people_search_on_a_page_that_marks_what_they_asked_for(house: House) -> None:
    page = house.get("/alerts", words="dead", cause="", since="", until="").text
    assert "<mark>dead</mark>" in page and 'href="/v1/alerts/case:A/1/1"' in page
    assert "Nothing was found." in house.get("/alerts", words="unheard").text


@pytest.mark.parametrize(
    ("path", "parameters", "status", "field"),
    [
        ("/v1/alerts", {"since": "soon"}, 422, "query.since"),
        ("/v1/alerts", {"word": "modem"}, 422, "query.word"),
        ("/v1/alerts", {"limit": "0"}, 422, "query.limit"),
        ("/v1/alerts/case:A/1/7", {}, 404, "path"),
        ("/v1/alerts/case:Z/1", {}, 404, "path"),
        ("/v1/alerts/case:A/first", {}, 422, "path.version"),
    ],
)
def test_what_is_wrong_is_refused_with_field_and_rule(
    house: House, path: str, parameters: dict[str, str], status: int, field: str
) -> None:
    answer = house.get(path, **parameters)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field)


def test_nobody_reads_an_alert_without_a_key(house: House) -> None:
    assert house.http.get("/v1/alerts").status_code == 401
    assert house.http.get("/v1/alerts/case:A/1/1").status_code == 401
    assert house.http.get("/alerts").status_code == 401
