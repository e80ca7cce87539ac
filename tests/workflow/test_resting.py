"""Which reports say that nobody is there, and for how long an address rests."""

import pytest

from workflow.recovery.contact.profile import Profile
from workflow.recovery.contact.resting import address_mark, dead_address, rests


@pytest.mark.parametrize(
    "code",
    [
        "5.1.1",
        "550 5.1.1 <user unknown>",
        "5.1.10",
        "5.2.1",
        "21211",
        "twilio-30005",
        "wrong_number",
        "Unknown User",
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
        "30003",
        "130005",
        "bounced",
        "550",
    ],
)
def test_it_may_pass_or_is_about_the_words(code: str) -> None:
    assert not dead_address(code)


def test_an_address_rests_for_as_long_as_it_is_theirs() -> None:
    ada = {"email": "ada@shop.example", "phone": "+49 30 123456"}
    resting = {"email": address_mark(ada, "email"), "sms": address_mark(ada, "sms")}
    assert rests({**ada, "resting": resting}, "email")
    assert rests({**ada, "phone": "0049 (0)30/123-456", "resting": resting}, "sms")
    assert not rests({**ada, "email": "ada@new.example", "resting": resting}, "email")
    assert not rests({**ada, "resting": {"email": ""}}, "email") and not rests("ada@shop.example", "email")
    assert not rests({"resting": {"email": ""}}, "email")


def test_another_way_is_tried_first() -> None:
    ada = {"email": "ada@shop.example", "phone": "+49 30 123456", "channels": ["email", "sms"]}
    resting = {"email": address_mark(ada, "email")}
    assert Profile.read({**ada, "resting": resting}).tried("email") == ("sms",)
