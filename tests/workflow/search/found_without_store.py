"""The index as it is defined, without any database: whether terms fit what is asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from state_machines.values.searched import Said
from workflow.search.expression import AllOf, AnyOf, Expression, Term, Without
from workflow.search.spelling import FEWEST_TYPED, resembling, variants
from workflow.search.terms import FEWEST_LETTERS, learned, terms_of
from workflow.search.tiers import Asked, Match, Tier, asked, naming_tiers, similar_tiers, word_tiers


def fits(expression: Expression, terms: Collection[str]) -> bool:
    """Whether a subject with these terms is found by it."""
    match expression:
        case Term(text, begins):
            return any(term.startswith(text) for term in terms) if begins else text in terms
        case AllOf(parts):
            return all(fits(one, terms) for one in parts)
        case AnyOf(parts):
            return any(fits(one, terms) for one in parts)
        case Without(wanted, unwanted):
            return fits(wanted, terms) and not fits(unwanted, terms)


class WordsOf:
    """The list of all words, of one subject."""

    def __init__(self, terms: Iterable[str]) -> None:
        self._words = learned(terms)

    def beginning(self, word: str) -> Sequence[str] | None:
        """Those that begin so; None where it is too short to know."""
        return None if len(word) < FEWEST_LETTERS else [one for one in self._words if one.startswith(word)]

    def similar(self, word: str) -> Sequence[str]:
        """Those that have a variant in common with it."""
        if len(word) < FEWEST_TYPED or not word.isalpha():
            return ()
        wanted = set(variants(word))
        return resembling(word, [one for one in self._words if wanted & set(variants(one))])


def match_of(typed: str, said: Iterable[Said], key: str = "promise:P-17") -> Match | None:
    """How a subject of which this is said is found by what somebody types; None: it is not."""
    terms = terms_of(key, list(said))
    wanted = asked(typed)
    if not wanted.words:
        return None
    some = [tier for stage in stages_of(wanted, terms) for tier in stage]
    return next((tier.match for tier in some if fits(tier.expression, terms)), None)


def stages_of(wanted: Asked, terms: Iterable[str]) -> list[list[Tier]]:
    """In which order it is asked for, in a house whose one subject has these terms."""
    words = WordsOf(terms)
    return [stage(wanted, words) for stage in (naming_tiers, word_tiers, similar_tiers)]
