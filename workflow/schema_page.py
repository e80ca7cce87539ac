"""Writes `docs/lifecycle.schema.json` from the form of definitions: ``python -m workflow.schema_page``."""

from pathlib import Path

from state_machines.json_schema import lifecycle_schema_text

PAGE = Path(__file__).parents[1] / "docs" / "lifecycle.schema.json"

if __name__ == "__main__":
    PAGE.write_text(lifecycle_schema_text(), encoding="utf-8")
