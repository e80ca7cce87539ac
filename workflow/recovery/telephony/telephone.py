"""Telephone numbers as they are dialled."""

from __future__ import annotations

import phonenumbers


def e164(text: str) -> str | None:
    """A number with its country in E.164 form, however people write it; None when it cannot be dialled.

    One with an extension cannot: who answers the number itself may be anybody.
    """
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
