"""Addresses of mail, by what they are and not by how they are spelt. The one place that reads them."""

import unicodedata

_SCHEME = "mailto:"


def bare_address(text: str) -> str:
    """Of ``Ada Roth <Ada@Shop.example>`` the address, as it is spelt there."""
    bare = unicodedata.normalize("NFKC", text).strip()
    return bare[bare.rindex("<") + 1 : -1].strip() if bare.endswith(">") and "<" in bare else bare


def mail_address(text: str) -> str:
    """The one spelling of an address, ``ada@shop.example``; empty where it is none.

    Without case, whose it is in words, and what a link asks besides; the host as people write it and not in
    the code of ASCII. A mailbox with a tag (`ada+shop@…`) is its own: its host alone knows
    whether both are one.
    """
    bare = "".join(bare_address(text).split())
    if bare.casefold().startswith(_SCHEME):
        bare = bare[len(_SCHEME) :].partition("?")[0]
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
