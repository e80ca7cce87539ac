"""What a text message says that is one of the words that telephone companies know: stop, or start again."""

import unicodedata


def _plain(words: str) -> list[str]:
    """Its words without signs, accents and case."""
    spread = unicodedata.normalize("NFKD", words.casefold())
    kept = "".join(" " if not sign.isalpha() else sign for sign in spread if not unicodedata.combining(sign))
    return unicodedata.normalize("NFC", kept).split()


def _all(*words: str) -> frozenset[str]:
    return frozenset("".join(_plain(one)) for one in words)


_STOP = _all(
    *("stop", "stopall", "allstop", "unsubscribe", "quit", "revoke", "optout", "stopsms"),
    *(
        "stopp",
        "abmelden",
        "abbestellen",
        "arret",
        "arreter",
        "desabonner",
        "baja",
        "alto",
        "parar",
        "sair",
        "désinscrire",
        "désinscription",
        "désabonnement",
        "abmeldung",
        "stoppa",
    ),
    *("annulla", "afmelden", "afmeld", "avsluta", "avmeld", "avregistrera", "rezygnuje", "odhlasit"),
    *("стоп", "отписаться", "停止", "配信停止", "退订", "退訂", "수신거부", "إيقاف"),
    *("στοπ", "отписка", "הסר"),
)
"""What people write for it. Without `cancel` and `end`, which may be about an appointment and go to a
person: where the carrier takes one for a stop, it refuses the next text, and the number rests."""
_START = _all("start", "unstop", "optin", "subscribe", "anmelden", "aanmelden", "alta", "старт")
"""Without `yes`, `ja`, `oui`: they answer what was asked last."""
_POLITE = _all(
    *("please", "pls", "bitte", "svp", "per favore", "por favor", "пожалуйста", "thanks", "thank", "you"),
    *("danke", "merci", "grazie", "gracias", "obrigado", "obrigada", "tack", "tak", "спасибо"),
    *("all", "pub", "sms", "texts", "messages", "now"),
)


def said_by_text(words: str) -> str:
    """``said_by_text(words)``: what a text message of this one word says of the channel.

    ``stop`` or ``start``; empty for any other text. Signs, accents, case and a word of courtesy do not
    matter, nor how often it is said; whoever writes a sentence is read by a person.
    """
    said = _plain(words)
    meant = "".join(one for one in said if one not in _POLITE)
    for spoken, word in ((_STOP, "stop"), (_START, "start")):
        if "".join(said) in spoken or meant in spoken or (said and all(one in spoken for one in said)):
            return word
    return ""
