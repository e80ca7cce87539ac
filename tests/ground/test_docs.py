"""What the documentation shows is true: its definitions pass `check`, its links lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def anchors(page: Path) -> set[str]:
    """Under which names the headings of a page are found."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_a_heading(page: Path) -> None:
    found = re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text(encoding="utf-8"))
    targets = [(page.parent / file if file else page, name) for file, name in found if "://" not in file]
    assert [name for target, name in targets if target.suffix == ".md" and name not in anchors(target)] == []


INVARIANTS = (ROOT / "docs" / "invariants.md").read_text(encoding="utf-8")
HOLDERS = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", INVARIANTS)


@pytest.mark.parametrize(("file", "test"), sorted(set(HOLDERS)))
def test_what_holds_an_invariant_exists(file: str, test: str) -> None:
    assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8")


def test_every_invariant_is_held_by_a_test() -> None:
    parts = re.split(r"^(\d+)\. ", INVARIANTS, flags=re.MULTILINE)
    held = {int(number): "::test_" in part for number, part in zip(parts[1::2], parts[2::2], strict=True)}
    assert held == dict.fromkeys(range(1, 17), True)
