"""Writes the schemas in `docs/`, of lifecycles, scenarios, maps and routes: `python -m
workflow.cli.schema_page`."""

from pathlib import Path

from state_machines.form.json_schema import lifecycle_schema_text
from workflow.hooks.json_schema import route_schema_text
from workflow.replay.json_schema import map_schema_text
from workflow.scenarios.json_schema import scenario_schema_text

_DOCS = Path(__file__).parents[2] / "docs"
PAGE = _DOCS / "lifecycle.schema.json"
SCENARIO_PAGE = _DOCS / "scenario.schema.json"
MAP_PAGE = _DOCS / "map.schema.json"
ROUTE_PAGE = _DOCS / "route.schema.json"

if __name__ == "__main__":
    PAGE.write_text(lifecycle_schema_text(), encoding="utf-8")
    SCENARIO_PAGE.write_text(scenario_schema_text(), encoding="utf-8")
    MAP_PAGE.write_text(map_schema_text(), encoding="utf-8")
    ROUTE_PAGE.write_text(route_schema_text(), encoding="utf-8")
