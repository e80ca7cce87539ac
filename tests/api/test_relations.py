"""The document's links lead somewhere: each is followed from an answer that was really given."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import pytest

from tests.api.conftest import House, open_house
from tests.api.deciding import deciding
from tests.api.described_operations import Operations
from tests.api.example_requests import examples, place, send
from tests.waiting import wait_until
from workflow.access import keys
from workflow.access.role import Role

ENDLESS = {"stream_changes"}
"""What does not end has tests of its own."""
ALONE = {
    **dict.fromkeys(("healthz", "readyz", "metrics"), "of the process, and of no resource"),
    **dict.fromkeys(("get_clock", "advance_clock"), "there is one clock, and only in a sandbox"),
    **dict.fromkeys(("report", "connect"), "Twilio asks, with a signature of its own"),
    "post_report": "a channel's provider reports, with the key of its notice in what it says",
    "post_hook": "another system begins, at the route that it was told",
}
"""Operations that no link leads to, though they need to know something, or that lead nowhere; and why."""
NEVER_HERE = {
    **dict.fromkeys(("retry_event", "discard_dead_event", "retry_timer"), "nothing is dead here"),
    **dict.fromkeys(("discard_dead_timer", "discard_message"), "nothing is dead here"),
    **dict.fromkeys(("get_unmapped", "retry_unmapped", "discard_unmapped"), "nothing is unmapped here"),
    "get_alert": "no case is documented here",
    **dict.fromkeys(("get_bell", "bell_possible"), "nobody has a bell here"),
    **dict.fromkeys(("get_delivery", "delivery_possible"), "no text is given up here"),
    **dict.fromkeys(("likeness_possible", "likeness_merge", "likeness_not_the_same"), "nobody is alike"),
    "post_verdict": "nobody is alike",
    "membership_possible": "no incident has cases here",
    "get_effect": "no effect is given up, or unknown, here",
    **dict.fromkeys(("identity_possible", "identity_release"), "nothing is known of two customers"),
}
"""Operations that no answer names here, since what they are about has not happened."""
NEVER_OPENED = {
    ("identity_release", "get_identity"),
    ("likeness_merge", "get_likeness"),
    ("likeness_not_the_same", "get_likeness"),
}
"""Of lifecycles of which only makegood itself opens a subject: an example is accepted, and then refused."""


class Request(NamedTuple):
    """What was asked, for expressions that begin with ``$request``."""

    path: Mapping[str, Any]
    query: Mapping[str, Any]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door with one lifecycle of its own beside the catalog's."""
    with open_house(f"sqlite:///{tmp_path_factory.mktemp('relations') / 'makegood.db'}") as opened:
        yield opened


@pytest.fixture(scope="module")
def operations(house: House) -> Operations:
    return Operations(house.http.get("/openapi.json").json())


def test_every_operation_begins_a_sequence_or_is_led_to(operations: Operations) -> None:
    """Whatever has to be told what it is about is told so by some answer; the rest begins, and leads on."""
    reached = operations.reached()
    begin = {
        name
        for name, (_, path) in operations.paths.items()
        if "{" not in path and any(operations.links(name))
    }
    assert operations.said.keys() - reached - begin == ALONE.keys()
    assert not ALONE.keys() & reached


def test_links_give_parameters_that_there_are(operations: Operations) -> None:
    """And all that the path needs, but for what is a choice among words."""
    wrong = []
    for name in operations.said:
        for link in operations.links(name):
            known = operations.parameters(link["operationId"])
            needed = {
                one["name"] for one in known.values() if one["in"] == "path" and "enum" not in one["schema"]
            }
            if not needed <= link["parameters"].keys() <= known.keys() or not link["parameters"]:
                wrong.append((name, link))
    assert wrong == []


def test_links_lead_to_what_is_there(house: House, operations: Operations) -> None:
    """Every example is sent, and what its answer leads to is read: it is there, and so asked for."""
    operator = keys.create(house.runtime.store, Role.OPERATOR, "links", house.runtime.clock.now())
    followed: Counter[tuple[str, str, frozenset[str]]] = Counter()
    failed: list[tuple[object, ...]] = []
    with deciding(house.runtime.engine):
        requests = sorted(examples(operations.document), key=place)
        lists = [
            one for one in requests if one.method == "get" and "{" not in operations.paths[one.operation][1]
        ]
        for one in (*requests, *lists):  # lists once more, of all that has been made by then
            if one.operation in ENDLESS:
                continue
            if not one.begins:
                wait_until(lambda: house.counts()["inbox"] == 0, seconds=60, what="all to be decided")
            answer = send(house.http, one, operator)
            if not answer.is_success or answer.headers["content-type"] != "application/json":
                continue
            if one.begins:
                wait_until(lambda: house.counts()["inbox"] == 0, seconds=60, what="all to be decided")
            asked = Request(_path_of(operations.paths[one.operation][1], one.path), one.query)
            for link in operations.links(one.operation, str(answer.status_code)):
                target, values = link["operationId"], _resolved(link, asked, answer.json())
                if values is None or target in ENDLESS:
                    continue
                rule = (target, str(link["parameters"]), frozenset(answer.json()))
                followed[rule] += 1
                method, path = operations.paths[target]
                if method != "get" or (one.made and followed[rule] > 1):  # all triggers are answered alike
                    continue
                found = _get(house.http, path, values, operator)
                if found.status_code != 200 and (one.operation, target) not in NEVER_OPENED:
                    failed.append((one.operation, link, found.status_code, found.text[:300]))
    assert failed == [], "\n".join(map(str, failed))
    reached = operations.reached()
    named = {target for target, _, _ in followed}
    assert sorted(reached - named - ENDLESS) == sorted(NEVER_HERE)


def _path_of(template: str, path: str) -> dict[str, str]:
    """The parameters of a path, as its template names them."""
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(template))
    found = re.fullmatch(pattern, path)
    assert found is not None
    return found.groupdict()


def _resolved(link: dict[str, Any], asked: Request, body: Any) -> dict[str, Any] | None:
    """The values of a link's parameters; None where the answer lacks one."""
    found = {}
    for name, expression in link["parameters"].items():
        source, _, rest = expression.partition("#")
        if source == "$response.body":
            value = _at(body, rest)
            if value is None:
                return None
        else:
            _, kind, parameter = expression.split(".", 2)
            value = (asked.path if kind == "path" else asked.query).get(parameter)
        if value is not None:
            found[name] = value
    return found


def _at(body: Any, pointer: str) -> Any:
    """What stands at a JSON pointer, or None."""
    for part in pointer.removeprefix("/").split("/"):
        if isinstance(body, list):
            body = body[int(part)] if int(part) < len(body) else None
        elif isinstance(body, dict):
            body = body.get(part)
        else:
            return None
    return body


def _get(http: httpx.Client, path: str, values: dict[str, Any], key: str) -> httpx.Response:
    query = {}
    for name, value in values.items():
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
        else:
            query[name] = value
    return http.get(path, params=query, headers={"Authorization": f"Bearer {key}"})
