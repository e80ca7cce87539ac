"""Addresses of mail, by what they are and not by how they are spelt. The one place that reads them."""

import re
import unicodedata

_WHOSE_BEHIND = re.compile(r"(?<=\S)\s*\([^()]*\)$")
_IN_BRACKETS = re.compile(r"(?:<|\[(?=mailto:))([^<>\[\]]*)[>\]]$", re.IGNORECASE)
_SCHEME = "mailto:"


def bare_address(text: str) -> str:
    """Of ``Ada <Ada@Shop.example>`` or ``Ada@Shop.example (Ada)`` the address, as it is spelt there.

    Without the scheme of a link and what it asks besides, signs that nobody sees, and what divides it from
    the next address of a list.
    """
    seen = "".join(sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")
    bare = _WHOSE_BEHIND.sub("", seen.strip(" \t\r\n,;"))
    bracketed = _IN_BRACKETS.search(bare)
    bare = (bracketed[1] if bracketed else bare).strip()
    if len(bare) > 2 and bare[0] == bare[-1] and bare[0] in "'\"":
        bare = bare[1:-1].strip()
    return bare[len(_SCHEME) :].partition("?")[0] if bare.casefold().startswith(_SCHEME) else bare


def mail_address(text: str) -> str:
    """The one spelling of an address, ``ada@shop.example``; empty where it is none.

    Without case, whose it is in words, and what a link asks besides; the host as people write it and not in
    the code of ASCII. A mailbox with a tag (`ada+shop@…`) is its own: its host alone knows
    whether both are one.
    """
    bare = "".join(bare_address(text).split())
    mailbox, _, host = bare.rpartition("@")
    host = _as_written(host.casefold().strip("."))
    # lower() and not casefold(): an address with an eszett is not the one with two s.
    return f"{mailbox.lower()}@{host}" if mailbox and host else ""


def _as_written(host: str) -> str:
    """Of ``xn--bcher-kva.example``; what cannot be read is only itself."""
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host
