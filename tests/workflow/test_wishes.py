"""Whose word about a customer counts: a few laws, besides the scenarios of `customer`."""

from datetime import UTC, datetime
from typing import Any

import pytest

from workflow.recovery.contact.one_person import profile_of_both
from workflow.recovery.contact.text_words import said_by_text
from workflow.recovery.contact.wishes import consents_after, heard, said_since, told_after

BEFORE, THEN, AFTER = "2026-03-01T09:00:00Z", "2026-03-02T09:00:00Z", "2026-03-03T09:00:00Z"
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
TOLD = {"language": {"by": "customer", "at": THEN}}
STOPPED = {"channel": "sms", "said": "refused", "by": "customer", "at": THEN}


@pytest.mark.parametrize(("as_of", "language"), [(None, "en"), ("", "en"), (BEFORE, "en"), (AFTER, "de")])
def test_their_own_word_stands_unless_the_source_is_younger(as_of: Any, language: str) -> None:
    customer = {"language": "en", "name": "Ben"}
    found = heard(customer, {"language": "de", "name": "B. Roth"}, TOLD, [], as_of)
    assert found == {"language": language, "name": "B. Roth"}
    assert ("language" in told_after(TOLD, {"language": "de"}, "source", as_of)) is (language == "en")


@pytest.mark.parametrize(("as_of", "refused"), [(None, ["email", "sms"]), (AFTER, ["email"])])
def test_each_channel_has_a_word_of_its_own(as_of: Any, refused: list[str]) -> None:
    customer = {"opted_out": ["sms"]}
    found = heard(customer, {"opted_out": ["email"], "consent": {"sms": True}}, {}, [STOPPED], as_of)
    assert sorted(found["opted_out"]) == refused


def test_what_they_allowed_themselves_no_source_refuses() -> None:
    allowed = STOPPED | {"said": "allowed"}
    found = heard({}, {"opted_out": ["sms", "chat"], "consent": {"sms": False}}, {}, [allowed], None)
    assert found == {"opted_out": ["chat"], "consent": {"sms": True}}


def test_the_last_word_counts_in_whatever_order_it_came() -> None:
    words = [STOPPED | {"at": AFTER}, STOPPED | {"said": "allowed"}]
    assert heard({"opted_out": ["sms"]}, {"opted_out": []}, {}, words, None)["opted_out"] == ["sms"]
    assert said_since(words, "sms", AT) and not said_since(words, "email", AT)


def test_changes_of_channels_are_listed() -> None:
    found = consents_after(
        {"opted_out": ["sms"]}, {"consent": {"email": False}}, "source", "/crm", AT, "customer:ben"
    )
    assert [(one["channel"], one["said"]) for one in found] == [("email", "refused"), ("sms", "allowed")]
    assert (
        consents_after({"opted_out": ["sms"]}, {"opted_out": ["sms"]}, "source", "/crm", AT, "customer:ben")
        == []
    )


def test_of_two_who_are_one_each_ones_later_word_stands() -> None:
    older, younger = (
        {"language": "de", "zone": "Europe/Berlin"},
        {"language": "en", "zone": "UTC", "name": "B"},
    )
    assert profile_of_both(older, {}, younger, TOLD) == {**younger, "zone": "Europe/Berlin"}
    later = {"language": {"by": "customer", "at": AFTER}}
    assert profile_of_both(older, later, younger, TOLD)["language"] == "de"


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        *(
            (" Stop. ", "stop"),
            ("ABMELDEN", "stop"),
            ("START!", "start"),
            ("Stop calling me", ""),
            ("yes", ""),
        ),
        *(
            ("STOP ALL", "stop"),
            ("opt-out", "stop"),
            ("ARRÊT", "stop"),
            ("STOP SVP", "stop"),
            ("\u201eStopp\u201c", "stop"),
        ),
        *(
            ("Baja", "stop"),
            ("afmelden", "stop"),
            ("СТОП", "stop"),
            ("停止", "stop"),
            ("stop \U0001f621", "stop"),
            ("إيقاف", "stop"),
            ("STOP STOP STOP!!", "stop"),
            ("Stop, danke", "stop"),
            ("STOP thank you", "stop"),
            ("Désinscription", "stop"),
        ),
        *(
            ("Unstop", "start"),
            ("\u0421\u0422\u0410\u0420\u0422", "start"),
            ("Cancel", ""),
            ("HELP", ""),
            ("ja", ""),
            ("stop it on Tuesday", ""),
            ("start stop", ""),
            ("thank you", ""),
        ),
        *(("please", ""), ("", ""), ("!", ""), ("nonstop", "")),
    ],
)
def test_a_text_of_one_word_may_say_what_it_means(words: str, meaning: str) -> None:
    assert said_by_text(words) == meaning
