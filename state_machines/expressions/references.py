"""Which names an expression uses, read off its text: what `check` compares with what is declared.

CEL's own checker knows declared variables only, and a map lets any name pass. So the paths that
begin at ``data``, ``event``, ``subject``, ``item`` or ``now`` are found here, outside string
literals and comments.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

ROOTS = frozenset({"data", "event", "subject", "item", "now"})
_MACROS = frozenset({"all", "exists", "exists_one", "map", "filter", "bind"})

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*)
    |(?P<string>[rRbB]{0,2}(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<name>[A-Za-z_]\w*)
    |(?P<number>\d[\w.]*)
    |(?P<mark>\.\?|\[\?|\S)""",
    re.DOTALL | re.VERBOSE,
)
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """One use of a name.

    Attributes:
        path: its steps, such as ``("event", "data", "due_at")``.
        guarded: in the same expression ``has()``, ``.?`` or ``in`` protects it from being absent.
        position: offset of its first character in the text.
    """

    path: Path
    guarded: bool
    position: int

    def __str__(self) -> str:
        return ".".join(self.path)


class Token(NamedTuple):
    """A piece of an expression; its kind is ``name``, ``string``, ``number`` or ``mark``."""

    kind: str
    text: str
    position: int


@lru_cache(maxsize=64)
def tokens(text: str) -> tuple[Token, ...]:
    """The words and marks of an expression, without comments. The text need not compile."""
    return tuple(
        Token(match.lastgroup or "", match.group(), match.start())
        for match in _TOKEN.finditer(text)
        if match.lastgroup != "comment"
    )


def references(text: str) -> list[Reference]:
    """Every use of a name in an expression, in order of appearance.

    A path counts as guarded when it, or something it goes through, is tested by ``has()`` or
    ``in`` (``'due_at' in data``) or taken by ``.?`` anywhere in the expression; which branch is
    taken is not followed. Variables that a macro binds (``map(x, ...)``) are not references.
    """
    words = tokens(text)
    bound = _bound_names(words)
    found: list[tuple[Path, int]] = []
    tested: set[Path] = set()
    for index, word in enumerate(words):
        before = words[index - 1].text if index else ""
        if word.kind != "name" or word.text not in ROOTS - bound or before in (".", ".?"):
            continue
        path, optional = _path(words, index)
        found.append((path, word.position))
        tested.update(optional)
        if index > 1 and before == "(" and words[index - 2].text == "has":
            tested.add(path)
        if index > 1 and before == "in" and words[index - 2].kind == "string":
            tested.add((*path, string_of(words[index - 2].text)))
    return [
        Reference(path, any(path[: len(test)] == test for test in tested), start) for path, start in found
    ]


def _bound_names(words: Sequence[Token]) -> set[str]:
    return {
        name.text
        for macro, bracket, name, comma in zip(words, words[1:], words[2:], words[3:], strict=False)
        if macro.text in _MACROS and bracket.text == "(" and name.kind == "name" and comma.text == ","
    }


def _path(words: Sequence[Token], index: int) -> tuple[Path, list[Path]]:
    """The path that begins at a word, and those of its beginnings that ``?`` lets be absent."""
    path: list[str] = [words[index].text]
    optional: list[Path] = []
    for step, is_optional in _steps(words, index + 1):
        path.append(step)
        if is_optional:
            optional.append(tuple(path))
    return tuple(path), optional


def _steps(words: Sequence[Token], index: int) -> Iterator[tuple[str, bool]]:
    """Selections (``.name``, ``.?name``, ``['name']``) from here on; a method call ends them."""
    while index + 1 < len(words):
        mark, name = words[index], words[index + 1]
        after = words[index + 2].text if index + 2 < len(words) else ""
        if mark.text in (".", ".?") and name.kind == "name" and after != "(":
            yield name.text, mark.text == ".?"
            index += 2
        elif mark.text in ("[", "[?") and name.kind == "string" and after == "]":
            yield string_of(name.text), mark.text == "[?"
            index += 3
        else:
            return


def string_of(text: str) -> str:
    """What a string literal says; CEL and Python write the ordinary ones alike."""
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text
    return value if isinstance(value, str) else text
