"""What monitoring shows: tasks by their fixed names, keys of subjects, and nothing about anybody."""

from __future__ import annotations

import sys
from typing import Any

import httpx
import pytest

from tests.processes.installation import Installation
from workflow.broker import task_names
from workflow.embedded.ports import free_port

SECRETS = ("Ada Lovelace", "ada@example.com", "sam@example.com", "We call you back", "+44 20 7946 0000")


@pytest.mark.exhaustive
def test_flower_shows_names_and_keys_and_no_personal_data(sqlite_installation: Installation) -> None:
    port = free_port()
    # Whoever listens decides deadlines within its own task, and Flower need not see another.
    sqlite_installation.configure(flower_user="watcher", flower_password="secret", stand_by_seconds=0)
    command = [sys.executable, "-m", "workflow.cli", "flower", "--host", "127.0.0.1", "--port", str(port)]
    sqlite_installation.workers.start("--concurrency", "1").wait_ready()
    sqlite_installation.workers.start_command(command, "Connected to", "flower").wait_ready()
    url = f"http://127.0.0.1:{port}"
    for path in PATHS:
        for account in (None, ("watcher", "wrong"), ("wächter", "sécret"), ("", "")):
            answer = httpx.get(f"{url}{path}", auth=account)
            assert (answer.status_code, answer.text) == (401, "Access denied"), (path, account)
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
        for said in ("Basic", "Basic !", "Bearer c2VjcmV0", "Digest x"):
            assert httpx.get(f"{url}{path}", headers={"Authorization": said}).status_code == 401
        assert httpx.options(f"{url}{path}").status_code == 401
        assert httpx.post(f"{url}{path}").status_code in (401, 403)
    assert httpx.get(f"{url}/healthcheck").text == "OK"
    with httpx.Client(base_url=url, auth=("watcher", "secret"), timeout=60) as flower:
        sqlite_installation.wait(lambda: flower.get("/api/workers").json(), what="Flower to know the worker")
        customer = {"name": SECRETS[0], "email": SECRETS[1], "phone": SECRETS[4]}
        promise = sqlite_installation.promise("P-1", due_in=2, customer=customer)
        sqlite_installation.send(promise)
        accepted = sqlite_installation.promise("P-2", due_in=2, customer=customer)
        sqlite_installation.broker.accept([accepted.to_json()], sqlite_installation.key())
        made = ["P-1", "P-2"]

        def seen_or_another() -> bool:
            """A scheduler that waited too long for a worker decided itself: then the next deadline shows."""
            if names(flower) >= EXPECTED:
                return True
            if sqlite_installation.state(f"promise:{made[-1]}") == "lapsed":
                made.append(f"P-{len(made) + 1}")
                sqlite_installation.send(sqlite_installation.promise(made[-1], due_in=2))
            return False

        sqlite_installation.wait(seen_or_another, what="Flower to have seen every task")

        tasks: dict[str, Any] = flower.get("/api/tasks").json()
        shown = [(task["name"], task["args"], task["kwargs"], task["result"]) for task in tasks.values()]
        assert {name for name, *_ in shown} <= EXPECTED | {task_names.RELAY}
        assert ("makegood.events.apply", "(promise:P-1)") in [entry[:2] for entry in shown]
        assert any(name == task_names.SEND and "promise:P-1" in args for name, args, *_ in shown)
        assert any(name == task_names.ACCEPT and args == "(promise:P-2)" for name, args, *_ in shown)
        assert "flower_events_total" in flower.get("/metrics").text
        assert flower.get("/static/css/flower.css").status_code == 200
        assert flower.get("/login").status_code == 404
        assert all(flower.get(page).status_code == 200 for page in ("/", "/workers", "/broker", "/tasks"))
        pages = [flower.get("/tasks").text, flower.get("/api/tasks").text]
        pages += [flower.get(f"/task/{one}").text for one in tasks]
        pages += [flower.get(f"/api/task/info/{one}").text for one in tasks]
    for secret in SECRETS:
        assert not [page for page in pages if secret in page], secret


PATHS = ("/", "/workers", "/tasks", "/broker", "/metrics", "/api/tasks", "/api/workers",
         "/static/css/flower.css", "/login", "/logout", "/nothing", "/worker/x", "/task/x",
         "/api/worker/shutdown/x", "/favicon.ico", "/robots.txt")  # fmt: skip
EXPECTED = {task_names.APPLY, task_names.FIRE, task_names.SEND, task_names.ACCEPT}


def names(flower: httpx.Client) -> set[str]:
    """Names of the tasks that Flower has seen end well."""
    found: dict[str, Any] = flower.get("/api/tasks").json()
    return {task["name"] for task in found.values() if task["state"] == "SUCCESS"}
