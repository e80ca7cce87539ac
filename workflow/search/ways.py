"""Which way leads to the newest that are looked for: what the newest rows show says what each would cost.

A name that very many have and a word that nobody has are asked for alike. PostgreSQL cannot know how many
rows an index of terms will give, nor that names and states have nothing to do with each other; whoever looks
at some thousand rows knows it well enough. Prices are measured, see `docs/search.md`; only how they compare
matters.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from workflow.search.expression import AllOf, AnyOf, Expression, Term, Without

_READ, _COMPARED = 0.15, 0.06
"""Microseconds for which a row is read in the order of rows, and compared with each term asked for."""
_LISTED, _MERGED = 1.5, 0.05
"""The same for a row that the index of terms lists, and for each term whose list is merged."""
_PROBED = 3.0
"""The same to look up another table's row."""
_LOOK = 1_500.0
"""Microseconds for the first look."""
_MOST_LOOKED_AT = 4_096


class Way(Enum):
    """Where one begins."""

    ROWS = "rows"
    """With rows in their order, until there are enough."""
    TERMS = "terms"
    """With all that have the terms; then how they stand."""
    STANDING = "standing"
    """With those who stand so, in the order of rows; then whether they have the terms."""


class Sample(NamedTuple):
    """What a look at the newest rows has shown.

    Attributes:
        rows: that there are.
        looked_at: so many of the newest.
        having: of these, that have the terms.
        fitting: of these, that are chosen, too.
        wanted: rows that are looked for.
        terms: that are asked for.
    """

    rows: int
    looked_at: int
    having: int
    fitting: int
    wanted: int
    terms: int


def terms_in(expression: Expression) -> int:
    """How many terms are asked for."""
    match expression:
        case Term():
            return 1
        case AllOf(parts) | AnyOf(parts):
            return sum(map(terms_in, parts))
        case Without(wanted, unwanted):
            return terms_in(wanted) + terms_in(unwanted)


def rows_to_look_at(terms: int) -> int:
    """Rows for a first look, which costs much the same whatever is asked for."""
    return min(_MOST_LOOKED_AT, int(_LOOK / _row_price(terms)))


def cheapest(sample: Sample, *, narrow: bool) -> Way:
    """The way on.

    Args:
        narrow: whether an index lists those who stand so, in the order of rows.
    """
    return min(_prices(sample, narrow=narrow).items(), key=lambda one: one[1])[0]


def _prices(sample: Sample, *, narrow: bool) -> dict[Way, float]:
    """Microseconds; ways of equal price the most certain first."""
    share = sample.having / sample.looked_at
    every = share * sample.rows
    probed = every if not sample.fitting else min(every, sample.wanted * sample.having / sample.fitting)
    found = {Way.TERMS: every * (_LISTED + _MERGED * sample.terms) + _PROBED * probed}
    if sample.fitting:
        read = min(sample.rows, sample.wanted * sample.looked_at / sample.fitting)
        found[Way.ROWS] = read * _row_price(sample.terms)
    if narrow and sample.having:
        found[Way.STANDING] = sample.wanted / share * _PROBED
    return found


def _row_price(terms: int) -> float:
    return _READ + _COMPARED * terms
