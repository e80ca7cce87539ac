"""Which names an expression uses, found in its text: what `check` compares with what is declared.

CEL's own checker knows only declared variables, and a map lets any name pass. So the paths that
begin at ``data``, ``event``, ``subject``, ``item`` or ``now`` are read off the text here, outside
string literals and comments.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

ROOTS = ("data", "event", "subject", "item", "now")

_LITERAL = re.compile(
    r"""[rRbB]{0,2}(?:\"\"\".*?\"\"\"|'''.*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|//[^\n]*""", re.DOTALL
)
_PATH = re.compile(
    rf"(?<![\w.])(?P<root>{'|'.join(ROOTS)})(?P<steps>(?:\s*\.\s*\??\s*[A-Za-z_]\w*(?!\w*\s*\()|\s*\[\s*\??\s*\x00\d+\x00\s*\])*)(?!\w)"
)
_STEP = re.compile(r"\.\s*(?P<optional>\??)\s*(?P<name>[A-Za-z_]\w*)|\[\s*(?P<maybe>\??)\s*\x00(?P<literal>\d+)\x00\s*\]")
_HAS = re.compile(r"(?<![\w.])has\s*\(\s*$")


@dataclass(frozen=True, slots=True)
class Reference:
    """One use of a name.

    Attributes:
        path: its steps, such as ``("event", "data", "due_at")``.
        guarded: in the same expression ``has()``, ``.?`` or ``in`` protects it from being absent.
        position: offset of its first character in the text.
    """

    path: tuple[str, ...]
    guarded: bool
    position: int

    def __str__(self) -> str:
        return ".".join(self.path)


def references(text: str) -> list[Reference]:
    """Every use of a name in an expression, in order. The text need not compile.

    A path counts as guarded when it, or what it is a part of, is tested by ``has()``, by ``in``
    (``'due_at' in data``) or taken by ``.?`` anywhere in the expression; which branch is taken
    is not followed.
    """
    blanked, literals = _without_literals(text)
    uses = [(_steps(match, literals), match.start(), blanked) for match in _PATH.finditer(blanked)]
    tested = {path for (path, optional), start, _ in uses if (cut := _guard(path, optional, start, blanked)) for path in (cut,)}
    tested |= set(_membership_tests(blanked, literals))
    return [
        Reference(path, any(path[: len(guard)] == guard for guard in tested), start) for (path, _), start, _ in uses
    ]
