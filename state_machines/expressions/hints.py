"""What people write in an expression out of habit with other languages, and how it is written here."""

from collections.abc import Iterator
from itertools import pairwise

from state_machines.expressions.references import Token, tokens

_WORDS = {"and": "&&", "or": "||", "not": "!", "is": "==", "AND": "&&", "OR": "||", "NOT": "!"}
_NOWHERE = Token("mark", "", -2)


def habit(text: str) -> str:
    """How a sentence about a text that does not compile goes on, from its ``;``; empty for no such habit."""
    said = dict.fromkeys(_habits(tokens(text)))
    return "".join(f"; {one}" for one in said)


def _habits(words: tuple[Token, ...]) -> Iterator[str]:
    for before, word in pairwise((_NOWHERE, *words)):
        if word.kind == "name" and word.text in _WORDS and before.text not in (".", ".?"):
            yield f"`{word.text}` is written {_WORDS[word.text]}"
    triples = zip((_NOWHERE, *words), words, (*words[1:], _NOWHERE), strict=False)
    for before, word, after in triples:
        if word.text == "=" and not _joined(before, word) and not _joined(word, after):
            yield "equal is written =="


def _joined(one: Token, other: Token) -> bool:
    """Whether two marks are one sign: ``==``, ``<=``, ``!=``."""
    return one.text in ("=", "!", "<", ">") and other.text == "=" and one.position + 1 == other.position
