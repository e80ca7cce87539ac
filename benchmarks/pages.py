"""`python -m benchmarks.pages [FIGURES.json]`: take figures into the docs, draw each, renew the page's table.

The figures of the docs are `docs/benchmarks/figures.json`; those of the file that is given replace the ones
of the same name there. Without one, everything is drawn again from what is there.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

from benchmarks.figures import Figure, shown
from benchmarks.plots import svg
from benchmarks.registry import BENCHMARKS

DOCS = Path(__file__).parent.parent / "docs"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def main(arguments: list[str] | None = None, docs: Path = DOCS) -> None:
    """Renew `docs/benchmarks.md`, `docs/benchmarks/figures.json` and the pictures beside it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("figures", nargs="?", type=Path, help="what `python -m benchmarks --json` wrote")
    given = parser.parse_args(arguments)
    place = docs / "benchmarks"
    place.mkdir(exist_ok=True)
    kept = place / "figures.json"
    figures = read(kept) if kept.exists() else []
    if given.figures is not None:
        figures = merged(figures, read(given.figures))
    kept.write_text(json.dumps([one.to_json() for one in figures], indent=1) + "\n")
    for one in figures:
        (place / f"{one.figure}.svg").write_text(svg(one, title(one)))
    page = docs / "benchmarks.md"
    page.write_text(renewed(page.read_text(), figures))


def read(path: Path) -> list[Figure]:
    """The figures of a file. Raises TypeError for one that lacks a key or has one too many."""
    return [Figure.from_json(one) for one in json.loads(path.read_text())]


def merged(old: Iterable[Figure], new: Iterable[Figure]) -> list[Figure]:
    """The new ones in the place of the old ones of the same name, in the order of the registry."""
    by_name = {one.figure: one for one in (*old, *new)}
    order = [benchmark.name for benchmark in BENCHMARKS]
    return sorted(by_name.values(), key=lambda one: _place(one.figure, order))


def _place(figure: str, order: list[str]) -> tuple[int, str]:
    """A benchmark's further figures, such as `lateness_10k_p99`, follow its first."""
    owner = max((name for name in order if figure.startswith(name)), key=len, default=None)
    return (len(order) if owner is None else order.index(owner), figure)


def title(figure: Figure) -> str:
    """What stands above its picture: what it says itself, else what the registry says."""
    own = figure.detail.get("title")
    titles = {benchmark.name: benchmark.title for benchmark in BENCHMARKS}
    return str(own) if own is not None else titles.get(figure.figure, figure.figure)


def renewed(page: str, figures: list[Figure]) -> str:
    """The page with its part between the markers written anew. Raises ValueError without the markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"docs/benchmarks.md: the markers {BEGIN} and {END} must stand there, in this order")
    return f"{before}{BEGIN}\n{table(figures)}\n{pictures(figures)}{END}{after}"


def table(figures: Iterable[Figure]) -> str:
    """All figures in one table."""
    lines = [
        "| figure | value | range | bare | ratio | goal | met | beside it |",
        "|---|---:|---:|---:|---:|---|---|---|",
    ]
    for one in figures:
        bare = "" if one.bare is None else shown(one.bare)
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        met = {True: "yes", False: "no"}.get(one.detail.get("met"), "")  # type: ignore[arg-type]
        peers = ", ".join(f"{name} {shown(value)}" for name, value in one.peers.items())
        name = f"[{one.figure}](#{one.figure})"
        lines.append(
            f"| {name} | {shown(one.value)} {one.unit} | {one.spread()} | {bare} | {ratio} "
            f"| {one.detail.get('goal') or ''} | {met} | {peers} |"
        )
    return "\n".join(lines) + "\n"


def pictures(figures: Iterable[Figure]) -> str:
    """Each figure's picture, and how it was measured."""
    return "".join(
        f"\n### {one.figure}\n\n"
        f"![{title(one)}: {shown(one.value)} {one.unit}](benchmarks/{one.figure}.svg)\n\n"
        f"{one.notes}.\n"
        for one in figures
    )


if __name__ == "__main__":
    main()
