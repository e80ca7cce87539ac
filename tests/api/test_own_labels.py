"""A lifecycle of one's own on pages: called as the files beside its definition say, in each language."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.conftest import NOON, House, open_house
from tests.api.signed_in import Browser, browser_of
from workflow.access.role import Role
from workflow.console.labels import labels, reasons, sentences
from workflow.console.own_labels import check_own_labels
from workflow.engine.definition_sources import file_sources
from workflow.errors import SettingsError

RETURNS = Path(__file__).parents[2] / "examples" / "returns"
CUSTOMER = {"name": "Chris", "email": "chris@example.com", "zone": "Europe/Berlin"}
DATA = {
    "customer": CUSTOMER,
    "order": "4711",
    "amount": 30,
    "owner": "o@shop.example",
    "lead": "l@shop.example",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door behind which a parcel is awaited."""
    url = f"sqlite:///{tmp_path_factory.mktemp('door') / 'makegood.db'}"
    with open_house(url, lifecycles=RETURNS, failed_keys_per_minute=0) as opened:
        opened.runtime.registry.register(file_sources(RETURNS), NOON)
        event = {
            "specversion": "1.0", "id": "1", "source": "/shop", "type": "returns.announce",
            "subject": "returns:R-1", "data": DATA,
        }  # fmt: skip
        assert opened.post(event).status_code == 202
        opened.apply()
        yield opened


def page(browser: Browser, language: str) -> str:
    """The page of the parcel."""
    return browser.http.get("/subjects/returns:R-1", headers={"Accept-Language": language}).text


def test_its_page_speaks_as_the_files_beside_it_say(house: House) -> None:
    ada = browser_of(house, "ada", Role.AGENT)
    german, english = page(ada, "de"), page(ada, "en")
    for words in ("Rücksendung", "unterwegs", "angekommen", "Jetzt schulden wir das Geld."):
        assert words in german, words
        assert words not in english, words
    for words in ("it has arrived", "Now we owe them their money."):
        assert words in english, words
        assert words not in german, words


def test_what_no_file_names_is_called_as_the_definition_does() -> None:
    say = labels("de", RETURNS)
    assert say("state", "sending_back", "returns") == "geht zurück"
    assert say("state", "sending_back", "another") == "sending back"
    assert say("state", "some_thing", "returns") == "some thing"
    assert labels("de")("lifecycle", "returns") == "returns"
    assert sentences("de", RETURNS)("What no file says.", "returns") == ""
    assert sentences("en", RETURNS)("What no file says.", "returns") == "What no file says."


def test_what_a_guard_says_is_said_in_the_readers_language(tmp_path: Path) -> None:
    text = 'msgctxt "text"\nmsgid "It is too late."\nmsgstr "Es ist zu spät."\n'
    (tmp_path / "loan.de.po").write_text(text, encoding="utf-8")
    why = reasons("de", tmp_path)
    assert why("guard: It is too late.", "loan") == "Es ist zu spät."
    assert why("guard: It is too late.", "another") == "guard: It is too late."
    assert why("impossible-now", "loan") == "impossible-now"


def test_a_lifecycle_in_a_folder_of_its_own_has_its_labels_there(tmp_path: Path) -> None:
    (tmp_path / "returns").mkdir()
    shutil.copy(RETURNS / "returns.de.po", tmp_path / "returns")
    assert labels("de", tmp_path)("lifecycle", "returns") == "Rücksendung"


def test_a_file_that_is_none_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "loan.en.po").write_text('msgid "without an end\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"loan\.en\.po"):
        check_own_labels(tmp_path)
