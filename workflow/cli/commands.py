"""The commands by name, each loaded when it is asked for: none waits for the imports of the others."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

NAMES = (
    "up", "demo", "api", "worker", "migrate", "send", "rotation", "replay", "explain", "check",
    "draw", "keys", "doctor",
)  # fmt: skip


class Commands(TyperGroup):
    """A command is a module `workflow.cli.<name>` with a function of that name, or with a typer `app`."""

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order in which people meet them."""
        return list(NAMES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """None for a name that is none."""
        if cmd_name not in NAMES:
            return None
        module = import_module(f"workflow.cli.{cmd_name}")
        if hasattr(module, "app"):
            group = typer.main.get_command(module.app)
            group.name = cmd_name
            return group
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        single.command(cmd_name)(getattr(module, cmd_name))
        return typer.main.get_command(single)
