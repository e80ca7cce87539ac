"""Rounds that count, ratios of the same round, medians: what every figure rests on."""

from __future__ import annotations

from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.result import Result
from benchmarks.rounds import OFF, TRIES, Round, Rounds, enough, steady

_POSITIVE = st.floats(min_value=0.01, max_value=1e6)
_ROUNDS = st.lists(
    st.builds(
        lambda ours, bare, commits, claims: Round(
            {"makegood": {"rate": ours}, "bare": {"rate": bare}}, {"commits": commits, "claims": claims}
        ),
        _POSITIVE, _POSITIVE, _POSITIVE, _POSITIVE,
    ),
    min_size=1, max_size=40,
)  # fmt: skip


@given(_ROUNDS)
def test_a_round_counts_only_with_every_yardstick_near_its_median(rounds: list[Round]) -> None:
    middle = {name: median(one.yardsticks[name] for one in rounds) for name in ("commits", "claims")}
    for one in rounds:
        near = all(abs(value / middle[name] - 1) <= OFF for name, value in one.yardsticks.items())
        assert (one in steady(rounds)) == near


@given(_ROUNDS, st.integers(min_value=1, max_value=10))
def test_no_more_rounds_are_measured_than_needed_and_never_over_three_times_as_many(
    rounds: list[Round], wanted: int
) -> None:
    found = enough(iter(rounds), wanted)
    assert found.measured <= TRIES * wanted
    if found.conclusive:
        assert len(found.counted) == wanted
        assert len(steady(rounds[: found.measured])) >= wanted
        assert all(len(steady(rounds[:few])) < wanted for few in range(found.measured))
    else:
        assert list(found.counted) == rounds[: found.measured]
        assert found.measured == min(len(rounds), TRIES * wanted)


def test_rounds_without_a_yardstick_all_count() -> None:
    rounds = [Round({"makegood": {"rate": float(n)}}) for n in (1, 100, 3)]
    assert enough(iter(rounds), 3) == Rounds(rounds, 3, True)


def test_one_slow_moment_of_the_machine_is_measured_again() -> None:
    rounds = [_round(100, 50, 1000), _round(100, 50, 990), _round(20, 50, 400), _round(90, 50, 1010)]
    found = enough(iter(rounds), 3)
    assert [one.yardsticks["commits"] for one in found.counted] == [1000, 990, 1010]
    assert found.measured == 4 and found.conclusive


@given(_ROUNDS)
def test_the_ratio_is_the_median_of_the_rounds_ratios(rounds: list[Round]) -> None:
    figure = Result(Rounds(rounds, len(rounds), True), {}, {}, (0.0, 0.0)).figure("some", "events/s")
    ratios = [one.readings["makegood"]["rate"] / one.readings["bare"]["rate"] for one in rounds]
    assert figure.ratio == median(ratios)
    assert figure.value == median(figure.runs) and len(figure.runs) == len(rounds)
    assert min(figure.runs) <= figure.value <= max(figure.runs)
    assert figure.bare == median(one.readings["bare"]["rate"] for one in rounds)


def test_whoever_is_neither_ours_nor_bare_is_a_peer_and_the_absent_are_named() -> None:
    rounds = [Round({"makegood": {"rate": 3.0}, "bare": {"rate": 4.0}, "another": {"rate": 2.0}})]
    result = Result(Rounds(rounds, 1, True), {"seldom": {"rate": 1.0}}, {"a third": "is not there"}, (0, 0))
    figure = result.figure("some", "events/s")
    assert figure.peers == {"another": 2.0, "seldom": 1.0}
    assert "a third not measured: is not there" in figure.notes


def test_what_is_inconclusive_says_so() -> None:
    rounds = [_round(100, 50, 10.0**n) for n in range(9)]
    found = enough(iter(rounds), 3)
    assert not found.conclusive
    assert "inconclusive" in Result(found, {}, {}, (0, 0)).figure("some", "events/s").notes


def _round(ours: float, bare: float, commits: float) -> Round:
    return Round({"makegood": {"rate": ours}, "bare": {"rate": bare}}, {"commits": commits})
