"""Pieces of Python source: names that are free, literals, and docstrings of whatever words."""

from __future__ import annotations

import json
import keyword
import textwrap
from collections.abc import Iterable

_WIDTH = 110


class FreeNames:
    """Gives names that have not been given yet, and are no words of the language."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def take(self, wanted: str) -> str:
        """This name, or this with underscores. Raises ValueError for what cannot be a name."""
        if not wanted.isidentifier():
            raise ValueError(f"{wanted!r} cannot be a name in Python")
        name = wanted
        while name in self._taken or keyword.iskeyword(name) or name.startswith("__"):
            name = f"{name}_" if not name.startswith("__") else name.lstrip("_")
        self._taken.add(name)
        return name


def in_one_word(*names: str) -> str:
    """`promise`, `take_over` as `PromiseTakeOver`."""
    return "".join(part[:1].upper() + part[1:] for name in names for part in name.split("_") if part)


def literal(value: str | int | None) -> str:
    """A value as it stands in source."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def docstring(words: str, indent: int) -> list[str]:
    """A docstring in lines, so many spaces in; none where there are no words."""
    escaped = " ".join(words.split()).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if not escaped:
        return []
    space = " " * indent
    lines = _wrapped(f'"""{escaped}', indent)
    if escaped.endswith('"') or len(lines) > 1 or len(lines[-1]) + 3 > _WIDTH:
        return [*lines, f'{space}"""']
    return [f'{lines[0]}"""']


def comment(words: str, indent: int) -> list[str]:
    """The same as a comment."""
    text = " ".join(words.split())
    return textwrap.wrap(
        text, _WIDTH, initial_indent=" " * indent + "# ", subsequent_indent=" " * indent + "# "
    )


def _wrapped(text: str, indent: int) -> list[str]:
    space = " " * indent
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=space,
        subsequent_indent=space,
        break_long_words=False,
        break_on_hyphens=False,
    )
