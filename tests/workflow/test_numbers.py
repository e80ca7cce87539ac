"""Telephone numbers are what they are, however people write them."""

from collections.abc import Iterator

import pytest

from workflow.errors import SettingsError
from workflow.recovery.contact.numbers import dialled, read_number, same_number, use_region


@pytest.fixture(autouse=True)
def of_no_region() -> Iterator[None]:
    yield
    use_region(None)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0049 (0)30/123-456", "+4930123456"),
        ("tel:+4930123456", "+4930123456"),
        ("(+49) 30 123456", "+4930123456"),
        ("011 49 30 123456", "+4930123456"),
        ("Tel. +49 30 123456 (evenings)", "+4930123456"),
        ("+44 020 7555 0111", "+442075550111"),
        ("+39 06 1234567", "+39061234567"),
        ("+49 30 5550100 ext. 12", "+49305550100;ext=12"),
        ("+49 30 5550100;ext=12", "+49305550100;ext=12"),
        ("030 5550100 x12", "0305550100;ext=12"),
        ("+49 30 5550100 Durchwahl 12", "+49305550100;ext=12"),
        ("+33 1 44 55 66 77 poste 12", "+33144556677;ext=12"),
        ("+7 495 123-45-67 доб. 12", "+74951234567;ext=12"),
        ("+81 3 1234 5678 内線12", "+81312345678;ext=12"),
        ("+1 212 555 0100 ext 12 (mornings)", "+12125550100;ext=12"),
        ("+49 30 5550100 ext. 12345678", "+49305550100;ext=12345678"),
        ("+49 30 5550100 after 18", "+49305550100"),
        ("+7 (495) 123-45-67", "+74951234567"),
        ("+55 (11) 91234-5678", "+5511912345678"),
        ("\uff0b49 30 123456", "+4930123456"),
        ("\u0660\u0663\u0660\u0661\u0662\u0663\u0664\u0665\u0666", "030123456"),
    ],
)
def test_a_number_has_one_spelling(text: str, number: str) -> None:
    assert str(read_number(text)) == number


@pytest.mark.parametrize(
    "text",
    [
        *(
            "+266696687",
            "7378742833",
            "+86 282452253",
            "0000000000",
            "1111111",
            "+49 0000000000",
            "+1 111 111 1111",
            "12",
            "",
            "no number",
        ),
        *("1234567890", "0123456789", "+33 1 23 45 67 89", "112", "911", "Anonymous", "1-800-FLOWERS"),
        *("+49 30 123456789012345", "+49 30 1234, +49 30 5678", "+999 123456"),
    ],
)
def test_what_can_be_nobodys_number_is_none(text: str) -> None:
    assert read_number(text) is None


def test_of_which_country_it_is_the_region_says() -> None:
    assert not same_number("030 123456", "+49 30 123456")
    use_region("DE")
    assert same_number("030 123456", "+49 30 123456") and dialled("030/12 34 56") == "+4930123456"
    assert str(read_number("0044 20 7555 0111")) == "+442075550111"
    use_region("US")
    assert same_number("(212) 555-0100", "+1 212 555 0100")
    assert str(read_number("0049 30 123456")) == "+4930123456"
    assert read_number("030 123456") is None, "no number of there"
    with pytest.raises(SettingsError, match="MAKEGOOD_REGION"):
        use_region("XX")


def test_what_is_no_number_is_only_itself() -> None:
    assert same_number("ask at the gate", " ask at the gate")
    assert not same_number("ask at the gate", "ask at the door")
    assert not same_number("+49 30 5550100", "+49 30 5550100 ext. 12")


@pytest.mark.parametrize("text", ["030 123456", "+49 30 5550100 ext. 12", "0000000000"])
def test_not_every_number_can_be_dialled(text: str) -> None:
    assert dialled(text) is None
