"""What the documentation shows is true: its definitions pass `check`, its links lead somewhere."""

import re
from pathlib import Path

import pytest

from state_machines.check import check

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_lifecycle_in_the_guide_is_without_fault() -> None:
    guide = (ROOT / "docs" / "lifecycles.md").read_text(encoding="utf-8")
    (definition,) = re.findall(r"```yaml\n(lifecycle: .*?)```", guide, re.DOTALL)
    assert check(definition, "returns.yaml") == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []
