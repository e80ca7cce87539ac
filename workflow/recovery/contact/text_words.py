"""What a text message says that is one of the words that telephone companies know: stop, or start again."""

import unicodedata

_STOP = frozenset(
    (
        *("stop", "stopall", "allstop", "unsubscribe", "quit", "revoke", "optout"),
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
        ),
        *("annulla", "afmelden", "afmeld", "avsluta", "avmeld", "avregistrera", "rezygnuje", "odhlasit"),
        *("стоп", "отписаться", "停止", "配信停止", "退订", "退訂", "수신거부", "إيقاف"),
    )
)
"""What people write for it. Without `cancel` and `end`, which may be about an appointment and go to a
person: where the carrier takes one for a stop, it refuses the next text, and the number rests."""
_START = frozenset(("start", "unstop", "optin", "subscribe", "anmelden", "aanmelden", "старт"))
"""Without `yes`, `ja`, `oui`: they answer what was asked last."""
_POLITE = frozenset(("please", "bitte", "svp", "all", "pub", "sms", "texts", "messages", "now"))


def said_by_text(words: str) -> str:
    """``said_by_text(words)``: what a text message of this one word says of the channel.

    ``stop`` or ``start``; empty for any other text. Signs, accents, case and a word of courtesy do not
    matter; whoever writes a sentence is read by a person.
    """
    plain = unicodedata.normalize("NFKD", words.casefold())
    kept = "".join(" " if not sign.isalpha() else sign for sign in plain if not unicodedata.combining(sign))
    said = unicodedata.normalize("NFC", kept).split()
    for word in ("".join(said), "".join(one for one in said if one not in _POLITE)):
        if word in _STOP:
            return "stop"
        if word in _START:
            return "start"
    return ""
