"""The manifests for Kubernetes: by the schemas of Kubernetes and KEDA, and by what makegood really has.

There is no cluster here: what is shown is that each document is one that Kubernetes takes, and that its
commands, settings, paths and metric are those of makegood.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from time import time
from typing import Any

import click
import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.dues import Dues
from tests.api.running_api import RunningApi, running_api
from tests.deploy.manifests import VERSIONS, fault, fault_of_keda, rendered
from workflow.cli.commands import LINES, loaded
from workflow.clock import SystemClock
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.settings import Settings
from workflow.store import open_store

KETTLE = """
lifecycle: kettle
version: 1
states: [{name: read_lately, timeout: P3D, on_timeout: cool}, {name: cold, final: true}]
transitions:
  - {trigger: heat, source: initial, dest: read_lately}
  - {trigger: cool, source: read_lately, dest: cold}
"""
"""Whose timers ask for nothing more: once they have fired nothing waits."""
_SINCE = (60.0, 1200.0, 7200.0)
"""Seconds: so far apart that none becomes another while a slow machine works."""


@pytest.fixture(scope="module")
def documents(missing: Callable[[str], None]) -> list[dict[str, Any]]:
    """All of them."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        missing("kubectl is missing, whose kustomize puts the manifests together")
    assert kubectl is not None
    return rendered(kubectl)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """A running API."""
    directory = tmp_path_factory.mktemp("api")
    with running_api(f"sqlite:///{directory / 'makegood.db'}", directory, 1) as running:
        yield running


def of_kind(documents: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Those of one kind."""
    return [one for one in documents if one["kind"] == kind]


def containers(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every container of every pod."""
    found = [one["spec"]["template"]["spec"] for one in documents if "template" in one.get("spec", {})]
    return [container for pod in found for container in pod["containers"]]


def test_there_is_what_an_installation_needs(documents: list[dict[str, Any]]) -> None:
    named = {(one["kind"], one["metadata"]["name"].split("-")[-1]) for one in documents}
    assert {("Deployment", "api"), ("Deployment", "worker"), ("Job", "migrate"), ("Service", "api"),
            ("ScaledObject", "worker")} <= named  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_each(documents: list[dict[str, Any]], version: str) -> None:
    own = [one for one in documents if "keda.sh" not in one["apiVersion"]]
    assert [(one["kind"], said) for one in own if (said := fault(one, version))] == []
    spoilt = deepcopy(of_kind(own, "Deployment")[0])
    spoilt["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    assert "readynessProbe" in (fault(spoilt, version) or "")


def test_keda_takes_its_own(documents: list[dict[str, Any]]) -> None:
    (scaled,) = of_kind(documents, "ScaledObject")
    assert fault_of_keda(scaled) is None
    for spoil in ({"minReplicaCont": 1}, {"minReplicaCount": "some"}):
        assert fault_of_keda({**scaled, "spec": {**scaled["spec"], **spoil}}) is not None


def test_what_is_scaled_is_there_and_has_no_number_of_its_own(documents: list[dict[str, Any]]) -> None:
    (scaled,) = of_kind(documents, "ScaledObject")
    name = scaled["spec"]["scaleTargetRef"]["name"]
    (target,) = (one for one in of_kind(documents, "Deployment") if one["metadata"]["name"] == name)
    assert "replicas" not in target["spec"]


def test_the_age_of_the_oldest_due_row_is_where_keda_looks(
    documents: list[dict[str, Any]], api: RunningApi
) -> None:
    (scaled,) = of_kind(documents, "ScaledObject")
    (trigger,) = scaled["spec"]["triggers"]
    said = trigger["metadata"]
    host, _, path = said["url"].removeprefix("http://").partition("/")
    assert host in [one["metadata"]["name"] for one in of_kind(documents, "Service")]
    answer = httpx.get(f"{api.url}/{path}", trust_env=False)
    samples = [
        sample
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name == said["valueLocation"]
    ]
    assert [(sample.labels, sample.value) for sample in samples] == [({}, 0.0)]


def test_workers_come_as_a_burst_waits_and_go_as_it_is_worked_off(
    documents: list[dict[str, Any]], migrated_postgres_url: str, tmp_path: Path
) -> None:
    """By the metric as KEDA would read it, and the rule of the autoscaler; what starts pods is not here."""
    (scaled,) = of_kind(documents, "ScaledObject")
    spec = scaled["spec"]
    (said,) = (trigger["metadata"] for trigger in spec["triggers"])
    store = open_store(migrated_postgres_url)
    registry = Registry(store)
    registry.register([(KETTLE, None)], datetime.now(UTC))
    engine = Engine(store, registry, SystemClock())

    path = said["url"].removeprefix("http://").partition("/")[2]

    def age() -> float:
        text = httpx.get(f"{api.url}/{path}", trust_env=False, timeout=30).text
        (found,) = re.findall(rf"^{said['valueLocation']} (\S+)$", text, re.MULTILINE)
        return float(found)

    def workers(waiting: float) -> int:
        wanted = ceil(waiting / float(said["targetValue"]))
        return int(min(spec["maxReplicaCount"], max(spec["minReplicaCount"], wanted)))

    address = migrated_postgres_url.replace("+psycopg", "")
    with running_api(migrated_postgres_url, tmp_path, 1) as api, psycopg.connect(address) as connection:
        seen = [age()]
        for place, since in enumerate(_SINCE):
            Dues("kettle", 500, time() - since, 0.001).load(connection, f"{place}-")
            connection.commit()
            seen.append(age())
        while engine.fire().decided:  # the longest due first
            seen.append(age())
    store.close()
    stages = [sum(one >= since for since in _SINCE) for one in seen]
    rising, falling = stages[:4], stages[3:]
    assert rising == [0, 1, 2, 3], seen
    assert falling == sorted(falling, reverse=True) and {3, 2, 1, 0} == set(falling), seen
    assert (seen[0], seen[-1]) == (0, 0)
    assert [workers(one) for one in (seen[0], seen[3], seen[-1])] == [2, 8, 2]


def test_every_command_is_one_of_ours(documents: list[dict[str, Any]]) -> None:
    commands = [one["command"] for one in containers(documents)]
    commands += [
        probe["exec"]["command"]
        for one in containers(documents)
        for name, probe in one.items()
        if name.endswith("Probe") and "exec" in probe
    ]
    assert len(commands) == 4
    for program, name, *arguments in commands:
        assert program == "makegood" and name in LINES
        found = loaded(name)
        found.make_parser(click.Context(found, info_name=name)).parse_args(list(arguments))


def test_every_setting_is_one_of_ours(documents: list[dict[str, Any]]) -> None:
    known = {f"MAKEGOOD_{name.upper()}" for name in Settings.model_fields}
    for one in of_kind(documents, "ConfigMap"):
        assert set(one["data"]) <= known
        secrets = [name for name in one["data"] if re.search("SECRET|PASSWORD|DATABASE|BROKER", name)]
        assert secrets == [], "they belong into the Secret"


def test_probes_ask_what_is_there(documents: list[dict[str, Any]], api: RunningApi) -> None:
    paths = {
        probe["httpGet"]["path"]
        for one in containers(documents)
        for name, probe in one.items()
        if name.endswith("Probe") and "httpGet" in probe
    }
    assert paths == {"/healthz", "/readyz"}
    assert {httpx.get(f"{api.url}{path}", trust_env=False).status_code for path in paths} == {200}


def test_nothing_runs_as_root_or_may_become_it(documents: list[dict[str, Any]]) -> None:
    for one in containers(documents):
        context = one["securityContext"]
        assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"]
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in one["resources"]["limits"]
