"""Each demand of the stories names the scenarios that show it, and each scenario of theirs is named."""

from __future__ import annotations

import re
from pathlib import Path

STORIES = Path(__file__).parent / "stories"
_LINK = re.compile(r"\]\(([\w]+\.yaml)\)")


def test_the_list_of_demands_names_every_scenario_and_no_other() -> None:
    named = set(_LINK.findall((STORIES / "README.md").read_text(encoding="utf-8")))
    assert named == {file.name for file in STORIES.glob("*.yaml")}
