"""Writes `docs/lifecycle.schema.json` from the form of definitions: `python -m workflow.cli.schema_page`."""

from pathlib import Path

from state_machines.form.json_schema import lifecycle_schema_text

PAGE = Path(__file__).parents[2] / "docs" / "lifecycle.schema.json"

if __name__ == "__main__":
    PAGE.write_text(lifecycle_schema_text(), encoding="utf-8")
