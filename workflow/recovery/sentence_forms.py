"""The forms by which sentences of ours are known again, with whatever stood in their places."""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter


@dataclass(frozen=True, slots=True)
class Form:
    """A sentence with places: by what it is known, and how it is said in the language in question.

    Attributes:
        begins: what stands before the first place. then: each place, with what stands behind it.
        longest: the longest piece that is no place, by which most texts are known not to be it.
    """

    begins: str
    then: tuple[tuple[str, str], ...]
    longest: str
    said: str

    def values(self, text: str) -> dict[str, str] | None:
        """By place, what stands there, each as short as can be; None where the text is not of this form.

        In one pass, whatever the text is: it may be anybody's.
        """
        if self.longest not in text or not text.startswith(self.begins):
            return None
        found: dict[str, str] = {}
        here = len(self.begins)
        for number, (place, behind) in enumerate(self.then, 1):
            if number == len(self.then):
                there = len(text) - len(behind) if text.endswith(behind) else -1
            else:
                there = text.find(behind, here + 1)
            value = text[here:there] if there > here else ""
            if not value or (place == "number" and not value.isdecimal()):
                return None
            if found.setdefault(place, value) != value:
                return None
            here = there + len(behind)
        return found if here == len(text) else None


def form_of(known: str, said: str) -> Form:
    """The form of a sentence with places in braces, known as the one and said as the other."""
    parts = [(piece, place) for piece, place, _, _ in Formatter().parse(known)]
    pieces, places = [piece for piece, _ in parts], [place for _, place in parts if place]
    pieces += [""] * (len(places) + 1 - len(pieces))
    return Form(pieces[0], tuple(zip(places, pieces[1:], strict=True)), max(pieces, key=len), said)
