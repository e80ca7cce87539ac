"""Which reports say that nobody is there, and for how long an address rests."""

from typing import Any

import pytest

from workflow.recovery.contact.profile import Profile
from workflow.recovery.contact.resting import (
    MOST,
    address_mark,
    dead_address,
    rests,
    with_rest,
    without_rest,
)


@pytest.mark.parametrize(
    "code",
    [
        "5.1.1",
        "550 5.1.1 <user unknown>",
        "5.1.10",
        "5.2.1",
        "5.4.4",
        "5.1.1.",
        "twilio-21610",
        "21635",
        "Recipient address rejected: User unknown in virtual mailbox table",
        "The email account that you tried to reach does not exist",
        "HardBounce",
        "21211",
        "twilio-30005",
        "wrong_number",
        "Unknown User",
        "550 5.4.1 Recipient address rejected: Access denied",
        "Permanent/NoEmail",
        "BadMailbox",
        "550 Unrouteable address",
        "554 delivery error: dd This user doesn't have a yahoo.com account (ada) [0]",
        "605 Not delivering to previously bounced address",
        "EC_UNKNOWN_SUBSCRIBER",
        "13223",
    ],
)
def test_nobody_is_there(code: str) -> None:
    assert dead_address(code)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "mailbox full",
        "452 4.2.2",
        "5.2.2",
        "5.7.1",
        "15.1.1",
        "5.1.11",
        "5.1.1.2",
        "4.1.1",
        "450 4.1.1 greylisted",
        "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
        "complaint",
        "21408",
        "121610",
        "30003",
        "130005",
        "450 4.1.1 Recipient address rejected: User unknown in local recipient table",
        "451 user unknown",
        "553 5.1.8 Domain of sender address care@shop.example does not exist",
        "550 5.1.0 Sender rejected",
        "550 Sender verify failed: no such user",
        "bounced",
        "550",
    ],
)
def test_it_may_pass_or_is_about_the_words(code: str) -> None:
    assert not dead_address(code)


def test_an_address_rests_for_as_long_as_it_is_theirs() -> None:
    ada = {"email": "ada@shop.example", "phone": "+49 30 123456"}
    resting = {"email": [address_mark(ada, "email")], "sms": ["others", address_mark(ada, "sms")]}
    assert rests({**ada, "resting": resting}, "email")
    assert rests({**ada, "phone": "0049 (0)30/123-456", "resting": resting}, "sms")
    assert not rests({**ada, "email": "ada@new.example", "resting": resting}, "email")
    assert not rests({**ada, "resting": {"email": []}}, "email") and not rests("ada@shop.example", "email")
    assert not rests({"resting": {"email": [""]}}, "email")


def test_it_rests_again_when_it_comes_back_until_somebody_says_that_it_works() -> None:
    ada = {"email": "ada@shop.example", "phone": "+49 30 123456"}
    once = with_rest(ada, "email", address_mark(ada, "email"))
    moved = {**once, "email": "ada@new.example"}
    both = with_rest(moved, "email", address_mark(moved, "email"))
    assert rests(both, "email") and rests({**both, "email": "Ada <ADA@shop.example>"}, "email")
    awake = without_rest(both, "email")
    assert not rests(awake, "email") and rests({**awake, "email": "ada@shop.example"}, "email")


def test_a_number_at_which_nobody_is_to_be_called_gets_no_texts_and_one_without_texts_is_called() -> None:
    ada = {"phone": "+49 30 123456"}
    mark = address_mark(ada, "live")
    assert rests(with_rest(ada, "live", mark), "sms") and not rests(with_rest(ada, "sms", mark), "live")
    assert not rests(without_rest(with_rest(ada, "live", mark), "sms"), "live")
    assert without_rest(ada, "live") == ada


def test_what_stands_in_the_place_of_an_address_rests_as_well() -> None:
    ada = {"email": "at home"}
    assert rests(with_rest(ada, "email", address_mark(ada, "email")), "email")
    assert not address_mark({"email": "  "}, "email")


def test_so_many_addresses_are_remembered_and_no_more() -> None:
    ada: dict[str, Any] = {"email": "ada@shop.example"}
    for number in range(MOST + 5):
        ada = with_rest(ada, "email", f"mark {number}")
    assert len(ada["resting"]["email"]) == MOST and ada["resting"]["email"][-1] == f"mark {MOST + 4}"


def test_another_way_is_tried_first() -> None:
    ada = {"email": "ada@shop.example", "phone": "+49 30 123456", "channels": ["email", "sms"]}
    resting = {"email": [address_mark(ada, "email")]}
    assert Profile.read({**ada, "resting": resting}).tried("email") == ("sms",)
