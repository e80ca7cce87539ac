"""A generated client does what its types say, for every lifecycle of the catalog and for somebody's own.

It is used against a real API, and held by mypy's strictest rules."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from makegood import AsyncClient, Client, ClientError
from makegood.answers import LifecycleView
from makegood.generation.module import module_of
from state_machines import catalog
from state_machines.definitions.lifecycle import Lifecycle
from tests.api.conftest import House, open_house
from tests.api.deciding import deciding
from workflow.access.role import Role
from workflow.api.resources.collections import PLURALS
from workflow.api.resources.examples import example_body
from workflow.api.resources.senders import opening, sendable
from workflow.cli import main
from workflow.engine.definition_files import bundle_of

ROOT = Path(__file__).parents[2]
RETURNS = ROOT / "examples" / "returns" / "returns.yaml"
OWN = {"returns": "returns", "order": "order"}
"""Lifecycles that are not the catalog's, by where their subjects lie."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An API on each store, with somebody else's lifecycles beside the catalog's, and a worker."""
    folder = tmp_path_factory.mktemp("generated")
    if request.param == "sqlite":
        url = f"sqlite:///{folder / 'makegood.db'}"
    else:
        server = request.getfixturevalue("postgres_server")
        url = server.url(server.create_database())
    with open_house(url) as opened:
        own = bundle_of(RETURNS, lambda file: file.read_text(encoding="utf-8"))
        opened.runtime.registry.register([(own, RETURNS.name)], opened.runtime.clock.now())
        with deciding(opened.runtime.engine):
            yield opened


@pytest.fixture(scope="module")
def written(house: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module, as the command writes it from what the API tells."""
    file = tmp_path_factory.mktemp("written") / "lifecycles.py"
    command = ["client", "generate", "--url", str(house.http.base_url), "--out", str(file)]
    done = _makegood(*command, "--key", house.keys[Role.SYSTEM])
    assert done.returncode == 0, done.stderr
    return file


@pytest.fixture(scope="module")
def module(written: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("generated_lifecycles", written)
    assert spec is not None and spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def client(house: House) -> Iterator[Client]:
    with Client(str(house.http.base_url), house.keys[Role.OPERATOR], proxies=False) as opened:
        yield opened


def _makegood(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workflow.cli", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=100,
    )


@pytest.mark.parametrize("name", [*catalog.NAMES, *OWN])
def test_each_lifecycle_is_used_from_end_to_end(
    house: House, client: Client, module: ModuleType, name: str
) -> None:
    """Its first subject is made, read and listed; then every trigger is sent that a key may send."""
    lifecycle = house.runtime.registry.latest(name)
    resources = getattr(module.Lifecycles(client), PLURALS.get(name) or OWN[name])
    key = _begun(resources, lifecycle)
    if key is None:  # only makegood itself begins one
        with pytest.raises(ClientError) as missing:
            resources.get("nobody")
        assert missing.value.status == 404
        assert all(resources.get(one["id"])["key"] == one["key"] for one in resources.all())
        return
    found = resources.get(key)
    assert found["key"] == f"{name}:{key}"
    assert found["data"].keys() <= lifecycle.definition.data.keys()
    assert found["key"] in {one["key"] for one in resources.all(state=list(lifecycle.states))}
    assert resources.get(key, fields=["parent"])["revision"] >= found["revision"]
    assert resources.possible(key)["key"] == found["key"]
    outcomes = {}
    for trigger in sendable(lifecycle):
        outcomes[trigger] = _sent(resources, key, trigger, example_body(lifecycle, trigger))
    assert set(outcomes.values()) & {"moved", "stayed"}, outcomes
    for trigger, outcome in outcomes.items():
        assert outcome in ("moved", "stayed", "impossible-now", "guard", "event-data"), (trigger, outcome)


def _begun(resources: Any, lifecycle: Lifecycle) -> str | None:
    """The id of a new subject; None where no trigger of a key begins any."""
    begin = opening(lifecycle)
    if begin is not None:
        made = resources.create(example_body(lifecycle, begin), wait=5)
        assert (made["outcome"], made["status"]) == ("moved", "accepted"), made
        id: str = made["id"]
        return id
    begins = [one for one in lifecycle.possible["initial"] if one in sendable(lifecycle)]
    for one in begins[:1]:
        assert _sent(resources, "G-1", one, example_body(lifecycle, one)) == "moved"
        return "G-1"
    return None


def _sent(resources: Any, id: str, trigger: str, body: dict[str, Any]) -> str:
    """What became of it: the outcome, or by which rule it was refused."""
    try:
        outcome: str = getattr(resources, trigger)(id, body, wait=5)["outcome"]
    except ClientError as refusal:
        assert refusal.status == 409, refusal
        return refusal.errors[0]["rule"]
    return outcome


def test_an_awaited_client_says_the_same(house: House, module: ModuleType) -> None:
    async def life() -> tuple[str, list[str], str, str]:
        async with AsyncClient(str(house.http.base_url), house.keys[Role.SYSTEM], proxies=False) as opened:
            returns = module.AsyncLifecycles(opened).returns
            data = {"customer": {"name": "Ada"}, "order": "4711", "amount": 5}
            people = {"owner": "ana@shop.example", "lead": "lea@shop.example"}
            made = await returns.create({**data, **people}, wait=5, id="R-1")
            moved = await returns.arrive("R-1", wait=5, if_revision=made["revision"])
            found = await returns.get("R-1")
            listed = [one["id"] async for one in returns.all(open=True) if one["data"]["order"] == "4711"]
            possible = [one["trigger"] for one in (await returns.possible("R-1"))["items"]]
            assert "inspect" in possible
            with pytest.raises(ClientError) as late:
                await returns.inspect("R-1", {"by": "ana@shop.example", "whole": True}, if_revision=1)
            assert (late.value.status, late.value.errors[0]["rule"]) == (412, "changed")
            return moved["state"], listed, found["state"], found["data"]["order"]

    assert asyncio.run(life()) == ("inspecting", ["R-1"], "inspecting", "4711")


def test_the_same_key_is_the_same_event_and_a_parent_is_kept(client: Client, module: ModuleType) -> None:
    orders = module.Lifecycles(client).order
    once = orders.create({"amount": 5}, wait=5, idempotency_key="once", parent="case:C-1")
    again = orders.create({"amount": 5}, wait=5, idempotency_key="once", parent="case:C-1")
    assert (once["status"], again["status"], again["key"]) == ("accepted", "duplicate", once["key"])
    assert orders.get(once["id"], fields=["parent"])["parent"] == "case:C-1"
    with pytest.raises(ClientError) as other:
        orders.create({"amount": 6}, idempotency_key="once", parent="case:C-1")
    assert (other.value.status, other.value.errors[0]["rule"]) == (409, "other-content")


def test_an_id_may_have_slashes_and_any_letter(client: Client, module: ModuleType) -> None:
    orders = module.Lifecycles(client).order
    for id in ("a/b", "a/ship", "Grüße-%41?#"):
        assert orders.place(id, {"amount": 5}, wait=5)["key"] == f"order:{id}"
        assert orders.get(id)["id"] == id
        assert orders.ship(id, wait=5)["state"] == "shipped"


def test_files_and_the_api_say_the_same(
    written: Path, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """In one process, so that there are the same channels."""
    assert command(*catalog.NAMES, str(ROOT / "tests" / "api" / "order.yaml"), str(RETURNS)) == 0
    assert capsys.readouterr().out == written.read_text(encoding="utf-8")


USED = """
from lifecycles import Lifecycles
from makegood import Client

made = Lifecycles(Client("http://127.0.0.1:8080", "key"))
promise = made.promises.make("P-1", {"words": "We call you", "owner": "ana@shop.example"}, wait=5)
revision: int | None = promise["revision"]
made.rotations.override("north", {"from": "2030-01-01T00:00:00Z", "to": "2030-01-02T00:00:00Z", "people": []})
made.teams.set("north", {"members": [], "calendar": {"zone": "Europe/Berlin", "weekly": {"mon": ["09-17"]}}})
lapsed = [one["data"]["words"] for one in made.promises.all(state="lapsed") if one["state"] == "lapsed"]
"""
WRONG = {
    'made.promises.make("P-1", {"words": "We call you"})': 'Missing key "owner"',
    'made.promises.make("P-1", {"words": "We", "owner": "a", "ownr": 1})': 'Extra key "ownr"',
    'made.promises.make("P-1", {"words": 1, "owner": "a"})': 'has type "int"',
    'made.promises.brake("P-1")': 'has no attribute "brake"',
    'made.promises.keep("P-1", parent="case:C-1")': "parent",
    'made.promises.keep("P-1", wait="5")': "incompatible type",
    'made.promises.get("P-1")["state"] == "broken"': "Non-overlapping equality check",
    'made.jobs.create({"at": "2030-01-01T00:00:00Z"})': 'Missing key "task"',
}


def test_it_is_typed_as_strictly_as_can_be(written: Path, tmp_path: Path) -> None:
    (tmp_path / "lifecycles.py").write_text(written.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "used.py").write_text(USED, encoding="utf-8")
    (tmp_path / "wrong.py").write_text(USED + "\n".join(WRONG) + "\n", encoding="utf-8")
    cache = ["--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", *cache, "used.py", "wrong.py"],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        timeout=110,
    )
    first = len(USED.splitlines()) + 1
    said = {}
    for file, line, message in re.findall(r"^(\w+\.py):(\d+): error: (.*)$", done.stdout, re.MULTILINE):
        assert file == "wrong.py" and int(line) >= first, done.stdout
        said.setdefault(int(line), message)
    wrong = list(WRONG.items())
    assert sorted(said) == list(range(first, first + len(wrong))), done.stdout
    for line, message in said.items():
        assert wrong[line - first][1] in message, (wrong[line - first], message)


def _view(**more: Any) -> LifecycleView:
    """One that would be hard to write down."""
    words = 'It ends """ here\\ and says "so"\n\n\u2028 to whom'
    data = {"type": "object", "properties": {"from": {"type": "string", "description": words}}}
    trigger = {"senders": ["outside"], "data": data, "description": words, "operation": "/v1/own/any/{id}/x"}
    named = [{**trigger, "name": name, "states": ["initial"]} for name in ("get", "import", "all", "get_")]
    view: Any = {
        "name": "any",
        "version": 1,
        "title": words,
        "description": words,
        "collection": "/v1/own/any",
        "states": [{"name": "on"}, {"name": 'a"b'}],
        "triggers": named,
        "data": data,
    }
    return {**view, **more}


def _loaded(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {"__name__": "written"}
    exec(compile(text, "written.py", "exec"), found)
    return found


def test_whatever_a_definition_says_stays_words() -> None:
    found = _loaded(module_of([_view()]))
    words = 'It ends """ here\\ and says "so" to whom'
    assert words in " ".join(found["Any_"].__doc__.split())
    methods = {name for name in vars(found["Any_"]) if not name.startswith("__")}
    assert methods == {"lifecycle", "collection", "get_", "import_", "all_", "get__"}
    assert found["AnyGet"].__annotations__.keys() == {"from"}


@pytest.mark.parametrize(
    "more", [{"name": "a-b"}, {"collection": "/v1/own/a b"}, {"name": "x:\n    import os"}], ids=str
)
def test_what_cannot_be_a_name_is_refused(more: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="cannot be a name"):
        module_of([_view(**more)])


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """Runs a command in this process; its exit code."""
    monkeypatch.setenv("MAKEGOOD_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["makegood", "client", "generate", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        return int(end.value.code or 0)

    return run


def test_only_those_that_are_asked_for(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert command("--lifecycle", "job", "--lifecycle", "team") == 0
    found = _loaded(capsys.readouterr().out)
    assert {"Jobs", "Teams", "AsyncJobs"} <= found.keys()
    assert "Promises" not in found
    assert command("--lifecycle", "jobs") == 2
    assert "there is no 'jobs'" in capsys.readouterr().err
    assert command("job", "--url", "http://127.0.0.1:1") == 2
    assert command("job", "--out", str(tmp_path / "nowhere" / "x.py")) == 1
    assert "cannot be written" in capsys.readouterr().err
