"""`makegood people`: added, listed, changed, let in no more; and the link that `makegood up` prints."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from workflow.access import invitations, people
from workflow.access.first_link import first_link
from workflow.access.role import Role
from workflow.cli.people import app
from workflow.clock import SystemClock
from workflow.errors import InvalidQuery, NotFound
from workflow.settings import Settings
from workflow.store import open_store


def run(url: str, *arguments: str) -> str:
    """What the command prints. Raises what it raises."""
    done = CliRunner().invoke(app, arguments, env={"MAKEGOOD_DATABASE_URL": url}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output.strip()


def test_people_come_change_and_go(database_url: str, tmp_path: Path) -> None:
    settings = Settings(database_url=database_url, data_dir=tmp_path)
    base = "http://127.0.0.1:8080"
    first = first_link(settings, base)
    assert first is not None and first.startswith(f"{base}/welcome/")
    store, now = open_store(database_url), SystemClock().now()
    try:
        link = run(
            database_url, "add", "Olga@Shop.example", "--name", "Olga", "--role", "agent", "--team", "a"
        )
        assert first_link(settings, base) is None, "the house is no longer empty"
        token = link.rpartition("/")[2]
        person = invitations.invited(store, token, now)
        assert person is not None and (person.address, person.teams) == ("olga@shop.example", ("a",))
        again = run(database_url, "link", "olga@shop.example").rpartition("/")[2]
        with pytest.raises(NotFound):
            invitations.invited(store, token, now)
        invitations.choose(store, again, "correct horse battery staple", now)
        assert run(database_url, "list") == "olga@shop.example  Olga  agent  teams=a  may sign in"
        run(database_url, "roles", "olga@shop.example", "--role", "supervisor", "--role", "agent")
        assert people.find(store, "OLGA@shop.example").role is Role.SUPERVISOR
        assert "disabled" in run(database_url, "disable", "olga@shop.example")
        assert "may sign in" in run(database_url, "disable", "olga@shop.example", "--undo")
        with pytest.raises(InvalidQuery, match="somebody's already"):
            run(database_url, "add", "olga@shop.example", "--name", "Other", "--role", "agent")
        with pytest.raises(NotFound):
            run(database_url, "link", "nobody@shop.example")
    finally:
        store.close()
