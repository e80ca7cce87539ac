"""The whole of makegood on one machine, as services: broker, migrations, API, workers, Flower."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from celery.utils.nodenames import gethostname

from workflow.broker.app import celery_app
from workflow.embedded.broker import plan_broker
from workflow.embedded.ports import free_port, why_not_listen
from workflow.errors import SettingsError
from workflow.settings import PREFIX, Settings, as_environment, ensure_data_dir
from workflow.supervisor.checks import broker_answers, http_ok, worker_answers
from workflow.supervisor.flower import ACCOUNT, flower_password
from workflow.supervisor.interpreter import import_environment, module_command
from workflow.supervisor.service import Report, Service
from workflow.supervisor.supervisor import Supervisor


@dataclass(frozen=True, slots=True)
class Stack:
    """The services to be started, and their addresses."""

    settings: Settings
    """As given, with the embedded broker, the ports and the paths filled in."""
    services: tuple[Service, ...]
    log_dir: Path
    api_url: str
    flower_url: str

    def supervisor(self, report: Callable[[Report], None]) -> Supervisor:
        """A supervisor over these services, not started yet."""
        return Supervisor(self.services, log_dir=self.log_dir, report=report)


def plan_stack(settings: Settings, *, workers: int = 1, concurrency: int | None = None) -> Stack:
    """Decide on broker, ports and passwords; writes to the data directory, starts nothing.

    Raises SettingsError when a port is taken, EmbeddedServerMissing when no broker can be embedded here.
    """
    data_dir = ensure_data_dir(settings)
    first: list[Service] = []
    broker_url = settings.broker_url
    if broker_url is None:
        plan = plan_broker(data_dir)
        broker_url = plan.url
        check = broker_answers(broker_url)
        first = [Service("broker", plan.argv, ready=check, alive=check, alive_every=5, stop_seconds=5)]
    filled = settings.model_copy(
        update={
            "data_dir": data_dir,
            "database_url": settings.database,
            "broker_url": broker_url,
            "api_port": _port(settings.api_host, settings.api_port, "API_PORT"),
            "flower_port": _port(settings.flower_host, settings.flower_port, "FLOWER_PORT"),
            "worker_concurrency": concurrency or settings.worker_concurrency,
        }
    )
    env = {**as_environment(filled), **import_environment()}
    last = [_flower(filled, env)]
    return Stack(
        settings=filled,
        services=(*first, _migrate(env), _api(filled, env), *_workers(filled, env, workers), *last),
        log_dir=data_dir / "logs",
        api_url=f"http://{filled.api_host}:{filled.api_port}",
        flower_url=f"http://{filled.flower_host}:{filled.flower_port}",
    )


def _migrate(env: Mapping[str, str]) -> Service:
    return Service("migrate", _command("migrate"), env=env, once=True)


def _api(settings: Settings, env: Mapping[str, str]) -> Service:
    host, port = settings.api_host, settings.api_port
    return Service(
        "api",
        _command("api", "--host", host, "--port", str(port)),
        env=env,
        ready=http_ok(f"http://{host}:{port}/readyz"),
        alive=http_ok(f"http://{host}:{port}/healthz"),
        stop_seconds=10,
    )


def _workers(settings: Settings, env: Mapping[str, str], count: int) -> list[Service]:
    app = celery_app(settings)
    return [
        Service(
            name,
            _command("worker", "--concurrency", str(settings.worker_concurrency), "--name", name),
            env=env,
            ready=worker_answers(app, f"{name}@{gethostname()}", without_broker=False),
            alive=worker_answers(app, f"{name}@{gethostname()}", without_broker=True),
            beside=True,
        )
        for name in (f"worker-{number}" for number in range(1, count + 1))
    ]


def _flower(settings: Settings, env: Mapping[str, str]) -> Service:
    password = flower_password(settings, settings.data_dir)
    account = {ACCOUNT: f"{settings.flower_user}:{password}"}
    health = http_ok(f"http://{settings.flower_host}:{settings.flower_port}/healthcheck")
    return Service(
        "flower",
        _command("flower", "--host", settings.flower_host, "--port", str(settings.flower_port)),
        env={**env, **account},
        ready=health,
        alive=health,
        stop_seconds=5,
        beside=True,
    )


def _command(*arguments: str) -> tuple[str, ...]:
    """A command of ours."""
    return module_command("workflow.cli", *arguments)


def _port(host: str, port: int, setting: str) -> int:
    """The port to listen on. Raises SettingsError when another program already does."""
    if port == 0:
        return free_port()
    reason = why_not_listen(host, port)
    if reason is not None:
        raise SettingsError(f"{PREFIX}{setting}: cannot listen on {host}:{port}: {reason}")
    return port
