"""From bytes to the fields of a form (application/x-www-form-urlencoded), strictly.

Refused here: what is not UTF-8, written as it is or as %XX, by the name of its field; and more fields than
anybody sends. A reader that passes over either takes another form than the one that was sent, or none.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote_to_bytes

MEDIA_TYPE = "application/x-www-form-urlencoded"


class FormTextError(ValueError):
    """Bytes that are no form.

    Attributes:
        field: name of the form's field that breaks the rule; empty for the whole.
        rule: short name of the rule.
        message: what is wrong.
    """

    def __init__(self, field: str, rule: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.rule = rule
        self.message = message


def decode(text: bytes, most_fields: int) -> list[tuple[str, str]]:
    """Name and value of each field in order, empty values too. Raises FormTextError."""
    if text.count(b"&") >= most_fields:
        raise FormTextError("", "fields", f"has more than {most_fields} fields")
    try:
        return parse_qsl(text.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise _not_utf_8(text) from None


def _not_utf_8(text: bytes) -> FormTextError:
    """About the first field that breaks the rule."""
    wrong = next((one for one in text.split(b"&") if not _is_utf_8(unquote_to_bytes(one))), b"")
    name = wrong.partition(b"=")[0].replace(b"+", b" ")
    shown = unquote_to_bytes(name).decode("utf-8", "replace")
    return FormTextError(shown, "utf-8", "must be UTF-8, as it is or each byte as %XX")


def _is_utf_8(encoded: bytes) -> bool:
    try:
        encoded.decode()
    except UnicodeDecodeError:
        return False
    return True
