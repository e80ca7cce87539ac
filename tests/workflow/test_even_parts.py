"""Parts that are alike."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workflow.outbox.even_parts import even_part


@given(st.integers(1, 5_000), st.integers(1, 400))
def test_they_are_the_fewest_that_hold_all_and_none_could_be_smaller(number: int, most: int) -> None:
    size = even_part(number, most)
    fewest = -(-number // most)
    assert 1 <= size <= most
    assert size * fewest >= number > (size - 1) * fewest


def test_of_nothing_there_is_a_part_all_the_same() -> None:
    assert even_part(0, 300) == 1
