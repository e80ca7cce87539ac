"""The index as it is defined, without any database: whether terms fit what is asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from state_machines.values.searched import Said
from workflow.search.expression import AllOf, AnyOf, Expression, Term, Without
from workflow.search.misspelling import resembling, variants
from workflow.search.terms import learned, terms_of
from workflow.search.tiers import Match, asked, tiers


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


def match_of(typed: str, said: Iterable[Said], key: str = "promise:P-17") -> Match | None:
    """How a subject of which this is said is found by what somebody types; None: it is not."""
    terms = terms_of(key, list(said))
    by_variant: dict[str, set[str]] = {}
    for word in learned(terms):
        for variant in variants(word):
            by_variant.setdefault(variant, set()).add(word)

    def similar(word: str) -> list[str]:
        return resembling(word, {one for variant in variants(word) for one in by_variant.get(variant, ())})

    wanted = asked(typed)
    if not wanted.words:
        return None
    found = [tier.match for tier in tiers(wanted, similar) if fits(tier.expression, terms)]
    assert len(found) <= 1, f"found twice: {found}"
    return found[0] if found else None
