"""Keeps `map` and `filter` from walking an object: CEL walks those in an order that differs from run to run.

A decision must not. So ``receiver.map(...)`` is compiled as ``(receiver + dyn([])).map(...)``: the same for
a list, an error for an object, and nothing that costs anything. ``keys(object)`` is the list to walk.
"""

from collections.abc import Sequence, Set

from state_machines.expressions.references import Token, tokens

ADVICE = "map() and filter() walk lists; an object has no order, so walk keys(object) instead"
RUNTIME_WORDS = "_+_(map, list)"
"""What CEL's message has in it when an object came after all."""

WALKS = frozenset({"map", "filter"})
"""Macros whose result follows the order; of the others only the words of a failure do."""

_OPENERS = {")": "(", "]": "[", "}": "{"}


def with_ordered_walks(text: str, walks: Set[str] = WALKS) -> str:
    """The expression with the receivers of these macros held to be lists. It must compile."""
    words = tokens(text)
    insertions: list[tuple[int, str]] = []
    for index in range(1, len(words) - 2):
        dot, name, bracket = words[index : index + 3]
        if dot.text == "." and name.text in walks and bracket.text == "(":
            start = _receiver_start(words, index - 1)
            insertions += [(words[start].position, "("), (dot.position, " + dyn([]))")]
    # From the end to the beginning, so that the positions before stay right.
    for position, inserted in sorted(insertions, key=lambda one: one[0], reverse=True):
        text = text[:position] + inserted + text[position:]
    return text


def _receiver_start(words: Sequence[Token], last: int) -> int:
    """Index of the first word of the postfix expression that ends with the word `last`."""
    index = last
    while True:
        if _closes(words[index]):
            index = _opener(words, index)
            # A call's name or an index's receiver stands right before its bracket.
            if words[index].text in ("(", "[", "[?") and index > 0 and _ends_operand(words[index - 1]):
                index -= 1
                continue
        if index > 0 and words[index - 1].text in (".", ".?"):
            index -= 2
            continue
        return index


def _ends_operand(word: Token) -> bool:
    return (word.kind in ("name", "string") and word.text != "in") or _closes(word)


def _closes(word: Token) -> bool:
    return word.kind == "mark" and word.text in _OPENERS


def _opener(words: Sequence[Token], closing: int) -> int:
    depth = 0
    for index in range(closing, -1, -1):
        if _closes(words[index]):
            depth += 1
        elif words[index].text[0] in "([{" and words[index].kind == "mark":
            depth -= 1
            if depth == 0:
                return index
    raise ValueError("brackets do not match")
