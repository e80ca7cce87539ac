"""The benchmarks still run: small, on SQLite, from the command to the page with its pictures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import pages
from benchmarks.__main__ import main
from benchmarks.figures import Figure, quantile
from benchmarks.goals import Goal, all_of
from benchmarks.plots import svg
from benchmarks.registry import BENCHMARKS, chosen

_PROMISED = {"figure", "value", "unit", "bare", "ratio", "peers", "runs", "notes"}
_PAGE = f"before\n{pages.BEGIN}\nold\n{pages.END}\nafter\n"
_ISSUED = (
    "timers_2p", "timers_4p", "events_2p", "http_single", "http_batch", "event_to_task", "lateness_10k",
    "burst_100k", "pending_10m", "sqlite_timers", "sqlite_events",
)  # fmt: skip


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The figures of a trial."""
    out = tmp_path_factory.mktemp("figures") / "out.json"
    assert main(["--quick", "--json", str(out), "decisions", "sqlite_events", "sqlite_timers"]) == 0
    return out


def test_a_figure_has_the_promised_keys_in_the_order_of_the_registry(trial: Path) -> None:
    figures = json.loads(trial.read_text())
    assert [one["figure"] for one in figures] == ["sqlite_timers", "sqlite_events", "decisions"]
    for one in figures:
        assert set(one) == _PROMISED | {"detail"}
        assert one["value"] > 0 and one["bare"] > 0 and one["runs"] == [one["value"]]
        assert one["ratio"] == pytest.approx(one["value"] / one["bare"])
        assert "a trial" in one["notes"] and "cores" in one["notes"]


def test_the_page_gets_a_table_and_a_picture_of_each(trial: Path, tmp_path: Path) -> None:
    (tmp_path / "benchmarks.md").write_text(_PAGE)
    pages.main([str(trial)], docs=tmp_path)
    page = (tmp_path / "benchmarks.md").read_text()
    assert page.startswith("before\n") and page.endswith("after\n") and "old" not in page
    for name in ("sqlite_timers", "sqlite_events", "decisions"):
        assert f"| [{name}](#{name}) |" in page and f"(benchmarks/{name}.svg)" in page
        assert "<svg" in (tmp_path / "benchmarks" / f"{name}.svg").read_text()
    assert page == pages.renewed(page, pages.read(tmp_path / "benchmarks" / "figures.json"))


def test_new_figures_take_the_place_of_old_ones_of_the_same_name() -> None:
    merged = pages.merged([_figure("timers_2p", 1), _figure("decisions", 1)], [_figure("timers_2p", 2)])
    assert [(one.figure, one.value) for one in merged] == [("timers_2p", 2), ("decisions", 1)]


def test_a_benchmarks_further_figures_follow_its_first() -> None:
    names = ("sqlite_timers", "pending_10m_late", "timers_2p", "pending_10m", "pending_10m_bytes")
    merged = pages.merged([], [_figure(name, 1) for name in names])
    assert [one.figure for one in merged] == [
        "timers_2p", "pending_10m", "pending_10m_bytes", "pending_10m_late", "sqlite_timers",
    ]  # fmt: skip


def test_lines_are_drawn_where_a_figure_has_a_plot() -> None:
    plot = {"x": "pending timers", "y": "ms", "log_x": True, "lines": {"makegood": [[1000, 2], [10000, 3]]}}
    drawn = svg(_figure("growth_claim", 1, {"plot": plot}), "A title")
    assert "A title" in drawn and "pending timers" in drawn
    assert drawn == svg(_figure("growth_claim", 1, {"plot": plot}), "A title")


def test_the_docs_are_those_of_their_figures() -> None:
    figures = pages.DOCS / "benchmarks" / "figures.json"
    page = (pages.DOCS / "benchmarks.md").read_text()
    assert page == pages.renewed(page, pages.read(figures))


def test_every_benchmark_can_be_loaded_and_none_that_was_promised_is_missing() -> None:
    assert tuple(one.name for one in BENCHMARKS if one.name in _ISSUED) == _ISSUED
    for benchmark in BENCHMARKS:
        assert callable(benchmark.load())


def test_a_name_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"NAME: there is no benchmark 'timer'; there are timers_2p, "):
        chosen(["timer"])
    assert [one.name for one in chosen(["sqlite_events", "timers_2p"])] == ["timers_2p", "sqlite_events"]
    assert "soak" not in [one.name for one in chosen([])]


def test_two_runs_are_no_median(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--runs", "2", "decisions"])
    assert "--runs: at least 3 rounds make a median, not 2" in capsys.readouterr().err


def test_goals_are_met_together_or_not() -> None:
    met, missed, unknown = Goal("a", True), Goal("b", False, 3), Goal("c")
    assert all_of(met, met).met is True
    assert all_of(met, missed) == Goal("a; b", False, 3)
    assert all_of(met, unknown).met is None
    assert all_of(unknown, missed).met is False


def test_quantiles_by_nearest_rank() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert (quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1.0)) == (51, 100, 100)


def _figure(name: str, value: float, detail: dict[str, object] | None = None) -> Figure:
    return Figure(name, value, "ms", None, None, {}, [value], "notes", detail or {})
