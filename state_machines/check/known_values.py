"""Comparisons that never hold, or always: what is compared has a few values, and this is none of them."""

import difflib
from collections.abc import Iterator, Mapping, Sequence

from state_machines.check.document import Document, Finding
from state_machines.check.naming import texts
from state_machines.expressions.references import Token, string_of, tokens
from state_machines.form.fields import FieldDeclaration
from state_machines.subject import INITIAL


def impossible_values(document: Document) -> Iterator[Finding]:
    """What has a few values (an `enum`, `subject.state`, `event.trigger`) is compared with one of them."""
    known = _known(document)
    for field, text in texts(document):
        for path, value in _compared(tokens(text)):
            values = known.get(path)
            if values is not None and value and value not in values:
                near = difflib.get_close_matches(value, values, 1)
                hint = f"is {near[0]!r} meant?" if near else f"there are {', '.join(map(repr, values))}"
                yield Finding(field, "impossible-value", f"{path} is never {value!r}; {hint}")


def _known(document: Document) -> Mapping[str, Sequence[str]]:
    """The values that there are, by path; of what an event brings those of all triggers that declare it."""
    definition = document.definition
    found: dict[str, Sequence[str]] = {
        "subject.state": [INITIAL, *document.states],
        "event.trigger": sorted({one for each in definition.transitions for one in each.triggers}),
    }
    found |= {f"data.{name}": values for name, one in definition.data.items() if (values := _texts(one))}
    brought: dict[str, list[FieldDeclaration]] = {}
    for trigger in definition.triggers.values():
        for name, declared in trigger.data.items():
            brought.setdefault(f"event.data.{name}", []).append(declared)
    for path, fields in brought.items():
        each = [_texts(one) for one in fields]
        if all(each):
            found[path] = sorted({value for values in each for value in values})
    return found


def _texts(declared: FieldDeclaration) -> list[str]:
    """The texts that a field may be; none where it may be anything else."""
    values = declared.enum or []
    return values if all(isinstance(one, str) for one in values) else []


def _compared(words: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Each path that is compared with a text, and the text: by ``==``, ``!=``, ``in [...]``, either way."""
    for place, word in enumerate(words):
        if word.kind != "name" or _text(words, place - 1) in (".", ".?", "+"):
            continue
        path, end = _path(words, place)
        if _text(words, end) in ("=", "!") and _text(words, end + 1) == "=":
            if _is_whole_text(words, end + 2):
                yield path, string_of(words[end + 2].text)
        elif _text(words, end) == "in" and _text(words, end + 1) == "[":
            yield from ((path, value) for value in _list(words, end + 2))
        if (
            _text(words, place - 1) == "="
            and _text(words, place - 2) in ("=", "!")
            and place > 2
            and words[place - 3].kind == "string"
            and _text(words, place - 4) not in ("+", "in")
            and _text(words, end) not in (".", ".?", "[", "[?", "(", "+")
        ):
            yield path, string_of(words[place - 3].text)


def _path(words: Sequence[Token], place: int) -> tuple[str, int]:
    """The path that begins there, what it is where it is absent left aside, and the place behind it."""
    names = [words[place].text]
    end = place + 1
    while _text(words, end) in (".", ".?") and end + 1 < len(words) and words[end + 1].kind == "name":
        if _text(words, end + 2) == "(":
            break
        names.append(words[end + 1].text)
        end += 2
    if [_text(words, end + n) for n in (0, 1, 2, 4)] == [".", "orValue", "(", ")"]:
        end += 5
    return ".".join(names), end


def _list(words: Sequence[Token], place: int) -> Iterator[str]:
    """The texts of a list that begins there; none of one that holds anything else."""
    found: list[str] = []
    while place + 1 < len(words) and words[place].kind == "string":
        found.append(string_of(words[place].text))
        if words[place + 1].text == "]":
            yield from found
            return
        if words[place + 1].text != ",":
            return
        place += 2


def _is_whole_text(words: Sequence[Token], place: int) -> bool:
    """Whether a text stands there that nothing is done with."""
    is_text = place < len(words) and words[place].kind == "string"
    return is_text and _text(words, place + 1) not in (".", "+", "[")


def _text(words: Sequence[Token], place: int) -> str:
    return words[place].text if 0 <= place < len(words) else ""
