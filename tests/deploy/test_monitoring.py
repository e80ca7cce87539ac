"""Rules and dashboard name metrics that a running installation really shows, with labels that it has."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from makegood import __version__
from tests.processes.installation import Installation
from tests.servers import ValkeyServer
from tests.waiting import wait_until
from workflow.embedded.ports import free_port

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "rules.yml"
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "makegood.json").read_text(encoding="utf-8"))
_METRIC = re.compile(r"\b(makegood_\w+)(?:\{([^}]*)\})?")
_LABEL = re.compile(r"(\w+)\s*=~?")
_GROUPED = re.compile(r"by \(([\w, ]+)\)")
_OF_PROMETHEUS = {"instance", "le"}


def rules() -> list[dict[str, Any]]:
    """All rules, records and alerts."""
    return [
        rule
        for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]


EXPRESSIONS = [rule["expr"] for rule in rules()] + [
    target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())
]
Labels = Mapping[str, set[str]]
"""Of each sample's name, the labels that one of them has."""


@pytest.fixture(scope="module")
def scrape(tmp_path_factory: pytest.TempPathFactory, valkey_process: ValkeyServer) -> Iterator[str]:
    """What an API process shows after a promise was broken and those concerned were told."""
    directory = tmp_path_factory.mktemp("scraped")
    url = f"sqlite:///{directory / 'makegood.db'}"
    port = free_port()
    with Installation(directory, valkey_process, url) as installation:
        argv = [sys.executable, "-m", "workflow.cli", "api", "--port", str(port)]
        installation.workers.start_command(argv, "Application startup complete", "api").wait_ready()
        installation.workers.start("--concurrency", "1").wait_ready()
        installation.send(installation.promise("P-1", due_in=1, customer={"email": "customer@example.com"}))
        installation.wait(
            lambda: [one for one in installation.notices() if one["about"] == "broken_promise"],
            what="the customer to be told",
        )
        address = f"http://127.0.0.1:{port}"
        key = {"Authorization": f"Bearer {installation.key()}"}
        event = {
            "specversion": "1.0",
            "id": "1",
            "source": "/t",
            "type": "promise.keep",
            "subject": "promise:P-1",
        }
        headers = {**key, "Content-Type": "application/cloudevents+json"}
        posted = httpx.post(
            f"{address}/v1/events", content=json.dumps(event), headers=headers, trust_env=False
        )
        assert posted.status_code in (202, 422), posted.text
        shown = lambda: httpx.get(f"{address}/metrics", trust_env=False).text  # noqa: E731
        counted = lambda: 'makegood_lateness_seconds_bucket{le="+Inf",lifecycle="promise"}' in shown()  # noqa: E731
        wait_until(counted, seconds=60, what="what was decided to be counted", seen=shown, every=0.5)
        yield shown()


@pytest.fixture(scope="module")
def labels(scrape: str) -> Labels:
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(scrape):
        found.setdefault(f"{family.name}_total" if family.type == "counter" else family.name, set())
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_every_metric_named_is_shown(labels: Labels) -> None:
    named = {name for expression in EXPRESSIONS for name, _ in _METRIC.findall(expression)}
    assert len(named) >= 12
    assert named - labels.keys() == set()


def test_every_label_named_is_one_of_its_metric(labels: Labels) -> None:
    wrong = []
    for expression in EXPRESSIONS:
        metrics = _METRIC.findall(expression)
        seen = set().union(*(labels[name] for name, _ in metrics)) | _OF_PROMETHEUS
        grouped = {one.strip() for group in _GROUPED.findall(expression) for one in group.split(",")}
        told = {label for _, chosen in metrics for label in _LABEL.findall(chosen)}
        # What nobody has turned away or ended yet has no sample, and so no label to be seen.
        if metrics and all(labels[name] for name, _ in metrics):
            wrong += [(expression, label) for label in (grouped | told) - seen]
    assert wrong == []


def test_lateness_adds_up_and_the_version_is_told(scrape: str) -> None:
    families = {family.name: family for family in text_string_to_metric_families(scrape)}
    late = [
        one for one in families["makegood_lateness_seconds"].samples if one.labels["lifecycle"] == "promise"
    ]
    buckets = [one.value for one in late if one.name.endswith("_bucket")]
    (count,) = [one.value for one in late if one.name.endswith("_count")]
    (total,) = [one.value for one in late if one.name.endswith("_sum")]
    assert buckets == sorted(buckets) and buckets[-1] == count >= 1
    assert 0 <= total < 60 * count
    (info,) = families["makegood_info"].samples
    assert (info.labels, info.value) == ({"version": __version__}, 1.0)
    (oldest,) = families["makegood_oldest_due_seconds"].samples
    assert oldest.value >= 0


def test_prometheus_itself_takes_the_rules_and_they_fire_when_they_should(
    missing: Callable[[str], None],
) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        missing("promtool is missing, and Prometheus' rules are tried with it")
    assert promtool is not None
    for arguments in (("check", "rules", RULES), ("test", "rules", RULES.with_name("rules_test.yml"))):
        done = subprocess.run([promtool, *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_says_what_is_the_matter_and_how_bad_that_is() -> None:
    alerts = [rule for rule in rules() if "alert" in rule]
    assert all(rule["labels"]["severity"] in ("page", "warning") for rule in alerts)
    assert all(
        rule["annotations"]["summary"].endswith(".") or "{{" in rule["annotations"]["summary"]
        for rule in alerts
    )


def test_the_panels_of_the_dashboard_do_not_lie_over_each_other() -> None:
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    cells = [
        (x, y)
        for one in places
        for x in range(one["x"], one["x"] + one["w"])
        for y in range(one["y"], one["y"] + one["h"])
    ]
    assert len(cells) == len(set(cells))
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)
    assert all(panel["description"] for panel in DASHBOARD["panels"] if panel["type"] != "row")
