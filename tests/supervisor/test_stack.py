"""The plan of a whole machine: what is started, with what, and what is refused before anything is."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from workflow.embedded.address import embedded_url
from workflow.embedded.binary import find_broker_binary
from workflow.errors import AlreadyRunning, EmbeddedServerMissing, SettingsError
from workflow.settings import Settings
from workflow.supervisor.flower import PASSWORD_FILE
from workflow.supervisor.lock import sole_supervisor
from workflow.supervisor.stack import plan_stack


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A machine of its own: free ports, an empty data directory."""
    return Settings(data_dir=tmp_path / "data", api_port=0, flower_port=0)


def test_everything_is_started_in_the_order_of_need(settings: Settings) -> None:
    stack = plan_stack(settings, workers=2)
    names = [service.name for service in stack.services]
    assert names == ["broker", "migrate", "api", "worker-1", "worker-2", "flower"]


def test_a_broker_of_ones_own_is_not_embedded(settings: Settings) -> None:
    given = settings.model_copy(update={"broker_url": "redis://elsewhere:6379/3"})
    stack = plan_stack(given)
    assert "broker" not in [service.name for service in stack.services]
    assert stack.services[-1].env["MAKEGOOD_BROKER_URL"] == "redis://elsewhere:6379/3"


def test_all_processes_share_the_same_database_and_broker(settings: Settings) -> None:
    stack = plan_stack(settings)
    ours = [service.env for service in stack.services if service.name != "broker"]
    assert {env["MAKEGOOD_DATABASE_URL"] for env in ours} == {f"sqlite:///{settings.data_dir}/makegood.db"}
    assert {env["MAKEGOOD_BROKER_URL"] for env in ours} == {embedded_url(settings.data_dir)}


def test_no_password_stands_in_a_command_line(settings: Settings) -> None:
    given = settings.model_copy(update={"flower_password": SecretStr("hush")})
    stack = plan_stack(given)
    secrets = ["hush", str(stack.settings.broker_url).partition(":")[2].partition("@")[0]]
    commands = " ".join(argument for service in stack.services for argument in service.argv)
    assert [secret for secret in secrets if secret in commands] == []
    assert stack.services[-1].env["FLOWER_BASIC_AUTH"] == "makegood:hush"


def test_the_generated_password_is_kept_and_private(settings: Settings) -> None:
    first, second = (plan_stack(settings).services[-1].env["FLOWER_BASIC_AUTH"] for _ in range(2))
    assert first == second
    for file in (settings.data_dir / PASSWORD_FILE, settings.data_dir / "broker" / "broker.conf"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("field", ["api_port", "flower_port"])
def test_a_taken_port_is_named_before_anything_starts(settings: Settings, field: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        given = settings.model_copy(update={field: taken.getsockname()[1]})
        with pytest.raises(SettingsError, match=f"MAKEGOOD_{field.upper()}: cannot listen on 127.0.0.1:"):
            plan_stack(given)


def test_two_supervisors_do_not_share_a_data_directory(tmp_path: Path) -> None:
    with (
        sole_supervisor(tmp_path),
        pytest.raises(AlreadyRunning, match=rf"process {os.getpid()}.*MAKEGOOD_DATA_DIR"),
        sole_supervisor(tmp_path),
    ):
        raise AssertionError("both hold it")
    with sole_supervisor(tmp_path):
        pass


def test_a_server_on_path_comes_before_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = tmp_path / "redis-server"
    server.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_broker_binary() == server


def test_where_no_server_is_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("workflow.embedded.binary._WHEEL", "no_such_wheel")
    with pytest.raises(EmbeddedServerMissing, match=r"makegood\[embedded\].*MAKEGOOD_BROKER_URL"):
        find_broker_binary()
