"""Words that a product registers before the first definition is compiled."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

_FORM = re.compile(r"[a-z][a-z0-9_]{0,62}")


class Word(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """By which definitions call it."""


W = TypeVar("W", bound=Word)


class Vocabulary(Generic[W]):
    """The registered words of one kind, by name."""

    def __init__(self, kind: str) -> None:
        """`kind` is what messages call one of its words."""
        self._kind = kind
        self._words: dict[str, W] = {}
        self._default: str | None = None
        self._closed = False

    def register(self, *words: W, default: str | None = None) -> None:
        """Add words; `default` is the one that a notice has which names none. The same again changes nothing.

        Raises:
            ValueError: a name is not well formed or taken, or a definition has been compiled already.
        """
        for one in words:
            if self._words.get(one.name) != one:
                self._add(one)
        if default is not None:
            if default not in self._words or self._default not in (None, default):
                raise ValueError(f"{self._kind}: {default!r} cannot be the default")
            self._default = default

    def _add(self, word: W) -> None:
        if _FORM.fullmatch(word.name) is None:
            raise ValueError(
                f"{self._kind}: {word.name!r} is no name: a to z, digits and '_', a letter first"
            )
        if word.name in self._words:
            raise ValueError(f"{self._kind}: {word.name!r} is registered already")
        if self._closed:
            raise ValueError(f"{self._kind}: {word.name!r} comes too late, definitions have been compiled")
        self._words[word.name] = word

    def close(self) -> Mapping[str, W]:
        """All words, for a definition that is being compiled: from here on none can be added."""
        self._closed = True
        return MappingProxyType(self._words)

    def get(self, name: str) -> W | None:
        """The word of this name, if there is one."""
        return self._words.get(name)

    def all(self) -> tuple[W, ...]:
        """The words, in the order in which they were registered."""
        return tuple(self._words.values())

    @property
    def default(self) -> str | None:
        """Name of the word that a notice has which names none; None where each must name one."""
        return self._default
