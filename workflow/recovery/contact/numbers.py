"""Telephone numbers, by what they are and not by how they are spelt. The one place that reads them.

A number has a country: it is written with it (`+49 30 …`, `0049 30 …`, `tel:+49…`), or is one of the region
that this installation names (`MAKEGOOD_REGION`). Where neither is so, nobody knows more than its digits: two
are the same if these are. A number that can be nobody's (too short, too long, one digit only) is none.

The library is loaded with the first number: no process waits for it at its start.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from workflow.errors import SettingsError

_ABROAD = re.compile(r"^(?:00|011)(?=[\s()/.-]*[1-9])")
"""What is dialled before the country: how people write a plus."""
_BEGINNING = re.compile(r"\+|\(|[0-9]")
_LETTER = re.compile(r"[^\W\d_]")
_EXTENSION_WORDS = (
    *(
        "extensión",
        "extension",
        "extensie",
        "extn",
        "ext",
        "durchwahl",
        "nebenstelle",
        "apparat",
        "app",
        "dw",
        "nst",
    ),
    *(
        "poste",
        "interno",
        "interne",
        "intern",
        "int",
        "anexo",
        "ramal",
        "toestel",
        "tst",
        "linka",
        "klapka",
        "kl",
    ),
    *(
        "wewnętrzny",
        "wewn",
        "wew",
        "mellék",
        "alanumero",
        "anknytning",
        "lokalnummer",
        "lokal",
        "доб",
        "внутр",
        "вн",
    ),
    *("дод", "内線", "分机", "分機", "내선", "داخلي"),
)
_EXTENSION = re.compile(
    rf"(?:;\s*ext=|[,;#]|(?<![^\W\d_])(?:{'|'.join(_EXTENSION_WORDS)})[.:]?|x)\s*([0-9]{{1,10}})"
    r"\s*#?\s*(?:\([^()0-9]*\)\s*)?$",
    re.IGNORECASE,
)
_FEWEST_DIGITS, _MOST_DIGITS = 5, 15
"""Of a number, without its country."""
_WITHHELD = frozenset(("266696687", "7378742833", "2562533", "8566696687", "86282452253"))
"""Whoever hides theirs, as telephone companies spell it by the keys: anonymous, restricted, blocked, unknown,
unavailable."""
_COUNTED, _COUNTED_FROM = ("1234567890", "9876543210"), 7

_region: str | None = None


def use_region(region: str | None) -> None:
    """Numbers without a country are of this region from now on, in this process.

    Args:
        region: two letters of ISO 3166, such as ``DE``; None: nobody knows of which they are.

    Raises:
        SettingsError: there is no such region.
    """
    global _region
    if region is not None:
        from phonenumbers import SUPPORTED_REGIONS

        if region not in SUPPORTED_REGIONS:
            raise SettingsError("MAKEGOOD_REGION: must be a region of ISO 3166, such as DE")
    _region = region


@dataclass(frozen=True, slots=True)
class Number:
    """A telephone number.

    Attributes:
        digits: in E.164 form, ``+49301234567``; without the plus where nobody knows its country.
        extension: whom to ask for there, in digits; empty: whoever answers.
    """

    digits: str
    extension: str = ""

    @property
    def has_country(self) -> bool:
        """Whether it can be dialled from anywhere."""
        return self.digits.startswith("+")

    def __str__(self) -> str:
        """The one spelling of it, ``+49301234567;ext=12``."""
        return f"{self.digits};ext={self.extension}" if self.extension else self.digits


def read_number(text: str) -> Number | None:
    """The number that somebody has written, in any spelling; None where that is no possible number.

    What stands before it and behind it in words (`Tel.`, `evenings`) is left out.
    """
    text = "".join(map(_as_typed, unicodedata.normalize("NFKC", text)))
    extension = _EXTENSION.search(text)
    digits = _digits(text[: extension.start()] if extension else text)
    return Number(digits, extension.group(1) if extension else "") if digits else None


def same_number(one: str, other: str) -> bool:
    """``same_number(one, other)``: whether both are one number, in any spelling.

    What is no number is only itself.
    """
    mine, theirs = read_number(one), read_number(other)
    return one.strip() == other.strip() if mine is None or theirs is None else mine == theirs


def dialled(text: str) -> str | None:
    """A number in E.164 form as it is dialled, however people write it; None when it cannot be.

    One with an extension cannot: who answers the number itself may be anybody.
    """
    number = read_number(text)
    return number.digits if number is not None and number.has_country and not number.extension else None


def _as_typed(sign: str) -> str:
    return str(int(sign)) if sign.isdecimal() else sign


def _digits(text: str) -> str:
    begins = _BEGINNING.search(text)
    if begins is None:
        return ""
    bare = _LETTER.split(text[begins.start() :], maxsplit=1)[0].strip()
    if "".join(sign for sign in bare if sign.isdecimal()) in _WITHHELD:
        return ""
    if bare.lstrip("( ").startswith("+"):
        return _with_country(bare.lstrip("( "), None)
    at_home = _with_country(bare, _region) if _region is not None else ""
    abroad, says_abroad = _ABROAD.subn("+", bare)
    if at_home or says_abroad:
        return at_home or _with_country(abroad, None)
    return _of_nowhere(bare) if _region is None else ""


def _with_country(text: str, region: str | None) -> str:
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number) or not _is_somebodys(str(number.national_number)):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _of_nowhere(text: str) -> str:
    digits = "".join(sign for sign in text if sign.isdecimal())
    return digits if _is_somebodys(digits) else ""


def _is_somebodys(digits: str) -> bool:
    """Not what people write who are made to give one: 0000000000, 1234567890."""
    counted = len(digits) >= _COUNTED_FROM and any(digits.lstrip("0") in row for row in _COUNTED)
    return _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS and len(set(digits)) > 1 and not counted
