"""Bytes of a mail as text, whatever their sender says of how they are encoded.

Mail programs name an encoding and write a larger one: `iso-8859-1` for Windows' own, which has the euro and
the quotation marks, `gb2312` for all of Chinese. So does every browser, and browsers' table
(https://encoding.spec.whatwg.org) is what is followed here. Names that nobody knows are as frequent.
"""

from __future__ import annotations

_LARGER = {
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "dos-874": "cp874",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "x-gbk": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "cp-850": "cp850",
    "cp-1252": "cp1252",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
}
"""By the name that a mail gives, in lower case: what it is read as, by Python's name."""
_NO_NAMES = frozenset(
    {"us-ascii", "ascii", "ansi_x3.4-1968", "unknown-8bit", "x-unknown", "default", "binary"}
)
"""What says nothing of signs beyond ASCII."""
_OF_PROGRAMS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"})
"""What Python can decode and no mail is written in."""


def decoded(raw: bytes, charset: str | None) -> str:
    """The text of these bytes.

    As what they are called, if they are that; else as UTF-8, if they are that; else as the likelier of what
    they are called and Windows' western encoding, with a replacement for each byte that does not belong.
    """
    name = (charset or "").strip(" \t'\";").lower()
    known = None if name in _NO_NAMES else _known(_LARGER.get(name, name))
    for codec in (known, "utf-8"):
        if codec is not None:
            try:
                return raw.decode(codec)
            except ValueError:
                continue
    if known in (None, "utf-8"):  # a sign of UTF-8 in it, and it is UTF-8 that was cut off or mended badly
        known = "cp1252" if raw.decode("utf-8", "ignore").isascii() else "utf-8"
    return raw.decode(known, "replace")


def unescaped(text: str) -> str:
    """A header field as the library hands it over, its bytes beyond ASCII read as what they are."""
    try:
        return decoded(text.encode("ascii", "surrogateescape"), None)
    except UnicodeEncodeError:  # it is text already
        return text


def _known(name: str) -> str | None:
    """The name, if Python reads text by it."""
    if not name or name.replace("-", "_") in _OF_PROGRAMS:
        return None
    try:
        b" ".decode(name)  # of no bytes at all Python says nothing of the name
    except (LookupError, ValueError):
        return None
    return name
