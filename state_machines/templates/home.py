"""The language and the clock of the house: for people of it who have not said their own."""

from collections.abc import Callable, Mapping
from typing import Any

Again = Callable[[str, str], str]
"""``again(text, language)``: words of the house in this language; any other text as it is."""


class Home:
    """What is registered once a process, as the words of the product are; until then nothing is."""

    def __init__(self) -> None:
        self._said: Mapping[str, str] = {}
        self._again: Again | None = None

    def register(self, *, language: str | None = None, zone: str | None = None) -> None:
        """Which language, as a BCP 47 tag, and which zone, by its IANA name; None is not said."""
        said = {"language": language, "zone": zone}
        self._said = {name: value for name, value in said.items() if value}

    def speak(self, again: Again) -> None:
        """How words of the house are said in another language."""
        self._again = again

    @property
    def language(self) -> str | None:
        """The language of the house, as it was said; None if it was not."""
        return self._said.get("language")

    def said_in(self, language: str, value: Any) -> Any:
        """A text, or texts in lists and objects: words of the house in the reader's language."""
        if self._again is None:
            return value
        if isinstance(value, str):
            return self._again(value, language)
        if isinstance(value, dict):
            return {name: self.said_in(language, part) for name, part in value.items()}
        if isinstance(value, list):
            return [self.said_in(language, part) for part in value]
        return value

    def reads(self, to: Any) -> Any:
        """A receiver as a reader: with what is theirs, and what they have not said from the house."""
        if not self._said:
            return to
        theirs = {name: value for name, value in to.items() if value} if isinstance(to, Mapping) else {}
        return {**self._said, **theirs}


HOME = Home()
"""The house that this process writes for."""
