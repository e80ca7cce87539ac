"""The page `docs/settings.md`, written from the settings: `python -m workflow.cli.settings_page`."""

from __future__ import annotations

from pathlib import Path

from pydantic.fields import FieldInfo

from workflow.settings import PREFIX, Settings

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
_HEAD = """\
# Settings

Every setting is an environment variable. All are optional; an empty one counts as unset. A wrong value
stops the program with a message that names the variable and the rule.

This page is written by `python -m workflow.cli.settings_page` from `workflow/settings.py`.

| variable | default | meaning |
|---|---|---|
"""


def settings_page() -> str:
    """The page's text, Markdown: one row for each setting."""
    return _HEAD + "".join(_row(name, field) for name, field in Settings.model_fields.items())


def _row(name: str, field: FieldInfo) -> str:
    return f"| `{PREFIX}{name.upper()}` | {_default(field)} | {field.description} |\n"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    return {None: "unset", "": "empty"}[value] if value in (None, "") else f"`{value}`"


if __name__ == "__main__":
    PAGE.write_text(settings_page(), encoding="utf-8")
