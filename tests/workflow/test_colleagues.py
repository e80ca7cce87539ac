"""What colleagues are told: to whom a notice goes, of whom it speaks, and who acts by a link of theirs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from state_machines.form.wording import Wording
from state_machines.templates import Template
from state_machines.templates.home import HOME
from workflow.errors import SettingsError
from workflow.recovery import vocabulary
from workflow.recovery.authority.link_holder import actor_of, holder_of
from workflow.recovery.contact.colleagues import card, colleagues, name_of, packet_page
from workflow.recovery.house_words import house_says, house_words, house_words_in
from workflow.recovery.links.form import Incomplete, answer_data, asked_by
from workflow.settings import read_settings

ADA = {
    "name": "Ada",
    "email": "ada@shop.example",
    "language": "de",
    "quiet_hours": ["00:00-24:00"],
    "phone": "+4930",
}
EVENING = datetime(2026, 3, 3, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("people", "told"),
    [
        ("ada@shop.example", ["ada@shop.example"]),
        (ADA, [{"name": "Ada", "email": "ada@shop.example", "language": "de"}]),
        (
            ["ada@shop.example", ADA, "ADA@shop.example", "ben@shop.example"],
            ["ada@shop.example", "ben@shop.example"],
        ),
        (["desk", None, "", {}, {"name": "Cy"}], []),
        (None, []),
    ],
)
def test_each_whom_a_mail_reaches_is_told_once(people: Any, told: list[Any]) -> None:
    assert colleagues(people) == told


@pytest.mark.parametrize(
    ("who", "named", "carded"),
    [
        (ADA, "Ada", "Ada, +4930, ada@shop.example"),
        ({"phone": "+4930"}, "+4930", "+4930"),
        ("ada@shop.example", "ada@shop.example", "ada@shop.example"),
        ("", "", ""),
        (None, "", ""),
    ],
)
def test_who_somebody_is_reads_as_people_say_it(who: Any, named: str, carded: str) -> None:
    assert (name_of(who), card(who)) == (named, carded)


@pytest.mark.parametrize(
    ("case", "page"),
    [
        ("case:C-7", "/v1/cases/C-7/packet"),
        ("case:a b?c/d", "/v1/cases/a%20b%3Fc%2Fd/packet"),
        ("promise:C-7", ""),
        ("case:", ""),
        (None, ""),
    ],
)
def test_the_page_of_a_case_is_a_path_whatever_its_key(case: Any, page: str) -> None:
    assert packet_page(case) == page


@pytest.fixture
def at_home() -> Iterator[None]:
    """A house in Berlin that reads German."""
    vocabulary.register()
    HOME.register(language="de", zone="Europe/Berlin")
    yield
    HOME.register()


def said(to: Any, value: str) -> str:
    """How one reads when something is due."""
    words = {one: {"default": Wording(title="-", words="{{ at | due }}")} for one in ("en", "de")}
    return Template("due", "en", words).say(HOME.reads(to), {"at": value}, {}, EVENING, "notice").words


@pytest.mark.parametrize(
    ("to", "value", "words"),
    [
        ("ada@shop.example", "2026-03-04T08:00:00Z", "tomorrow 08:00 UTC"),
        ({"zone": "Europe/Berlin"}, "2026-03-03T22:59:00Z", "today 23:59"),
        ({"zone": "Europe/Berlin"}, "2026-03-03T23:00:00Z", "tomorrow 00:00"),
        ({"zone": "Europe/Berlin"}, "2026-03-02T22:00:00Z", "yesterday 23:00"),
        ({"zone": "Europe/Berlin", "language": "de"}, "2026-03-03T23:00:00Z", "morgen 00:00"),
        ({"zone": "Europe/Berlin"}, "2026-03-06T09:00:00Z", "Friday 6 March, 10:00"),
    ],
)
def test_what_is_due_these_days_is_said_as_people_say_it(to: Any, value: str, words: str) -> None:
    assert said(to, value) == words


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        (None, "Ein Plan mit beiden Hälften, mit dem Kunden vereinbart"),
        ("de-AT", "Ein Plan mit beiden Hälften, mit dem Kunden vereinbart"),
        ("en", "A plan with both halves, agreed with the customer"),
    ],
)
def test_words_of_the_house_that_became_data_are_told_in_the_readers_language(
    language: str | None, words: str
) -> None:
    plan, theirs = house_says("plan", {}), "Ein Plan, den jemand selbst so schrieb"
    assert plan.startswith("Ein Plan"), "it is kept in the language of the house"
    wordings = {one: {"default": Wording(title="-", words="{{ a }}; {{ b }}")} for one in ("en", "de")}
    to = HOME.reads({"email": "ada@shop.example"} | ({"language": language} if language else {}))
    said = Template("nudge", "en", wordings).say(to, {"a": plan, "b": theirs}, {}, EVENING, "notice").words
    assert said == f"{words}; {theirs}"


def test_a_sentence_of_the_house_is_said_again_with_what_stands_in_it() -> None:
    why = house_words()["de"]["no_answer"]
    german = house_words()["de"]["nobody_calls"].format(why=why, title="Rückruf wegen Zeppelin")
    english = house_words()["en"]["nobody_calls"].format(why="nobody answers", title="Rückruf wegen Zeppelin")
    assert house_words_in(german, "en-GB") == english
    assert house_words_in(german, "de") == german and house_words_in(german, "fr") == german
    assert house_words_in("Nobody has written this for us", "de") == "Nobody has written this for us"


@pytest.mark.usefixtures("at_home")
def test_who_has_said_nothing_reads_as_the_house_does() -> None:
    at = "2026-03-03T23:00:00Z"
    assert said("ada@shop.example", at) == "morgen 00:00"
    assert said({"email": "ada@shop.example", "language": "en", "zone": "UTC"}, at) == "today 23:00"


def test_a_link_that_is_somebodys_is_answered_by_them_alone() -> None:
    theirs = {"receiver": "by", "data": {"by": ADA}, "ask": {"reason": {"type": "string"}}}
    assert (holder_of(theirs), actor_of(theirs)) == (ADA, "person:ada@shop.example")
    assert answer_data(theirs, {"reason": "away", "by": "ben@shop.example"}) == {"by": ADA, "reason": "away"}
    assert (holder_of({"trigger": "pick"}), actor_of({"trigger": "pick"})) == (None, "link")


def test_a_day_and_a_time_are_those_of_the_readers_clock() -> None:
    link = {
        "zone": "Europe/Berlin",
        "ask": {"due_at": {"type": "string", "format": "date-time", "required": True}},
    }
    (asked,) = asked_by(link, "yes", "no")
    assert asked.moment and not asked.whole
    assert answer_data(link, {"due_at": "2026-07-01T18:00"}) == {"due_at": "2026-07-01T16:00:00Z"}
    assert answer_data(link, {"due_at": "2026-07-01T18:00:00Z"}) == {"due_at": "2026-07-01T18:00:00Z"}
    for wrong in ("soon", "2026-03-29T02:30"):
        with pytest.raises(Incomplete):
            answer_data(link, {"due_at": wrong})


def test_a_zone_that_is_none_stops_the_process_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEGOOD_ZONE", "Europe/Berlni")
    with pytest.raises(SettingsError, match="MAKEGOOD_ZONE"):
        read_settings()
