"""Every example of the OpenAPI document is sent to a running API, and does what the document says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.conftest import House, open_house
from tests.api.deciding import deciding
from tests.api.example_requests import Example, examples, meant, place, send
from tests.waiting import wait_until
from workflow.access import keys
from workflow.access.role import Role

ROOT = Path(__file__).parents[2]
_DEAD = "nothing is dead here, or unknown"
_OURS = "only makegood itself begins one"
NOT_NOW: dict[str, tuple[int, str]] = {
    **dict.fromkeys(("retry_effect", "settle_effect", "retry_event", "discard_dead_event"), (409, _DEAD)),
    **dict.fromkeys(("retry_timer", "discard_dead_timer"), (409, _DEAD)),
    "discard_message": (404, _DEAD),
    "discard_pending_event": (409, "it is decided already"),
    **dict.fromkeys(("get_clock", "advance_clock"), (409, "this is no sandbox")),
    **dict.fromkeys(("report", "connect"), (404, "Twilio is not set up here")),
    **dict.fromkeys(("get_unmapped", "retry_unmapped", "discard_unmapped"), (404, "nothing is unmapped")),
    "post_migration": (422, "promises have had one version here"),
    "post_report": (404, "no notice has gone out"),
    "separate_customers": (409, "they are one a moment later"),
    **dict.fromkeys(
        ("get_subscription", "change_subscription", "remove_subscription"), (404, "is another's")
    ),
    **dict.fromkeys(("list_attempts", "redeliver", "rotate_secret"), (404, "is another's")),
    "post_hook": (404, "there is no route here"),
    "get_alert": (404, "no case is documented yet"),
    **dict.fromkeys(("get_bell", "bell_possible"), (404, _OURS)),
    **dict.fromkeys(("get_delivery", "delivery_possible"), (404, _OURS)),
    **dict.fromkeys(("get_identity", "identity_possible"), (404, _OURS)),
    **dict.fromkeys(("get_likeness", "likeness_possible", "post_verdict"), (404, _OURS)),
    **dict.fromkeys(("get_membership", "membership_possible"), (404, _OURS)),
}
"""Operations whose example is about something that must have gone before; what they answer until then."""


ENDLESS = {"stream_changes"}
"""Operations whose answer does not end; they have tests of their own."""


ONE_AFTER_ANOTHER = {"act_on_incident"}
"""Operations with several examples about one subject, of which some exclude others (409)."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door with one lifecycle of its own beside the catalog's."""
    with open_house(f"sqlite:///{tmp_path_factory.mktemp('examples') / 'makegood.db'}") as opened:
        yield opened


@pytest.fixture(scope="module")
def document(house: House) -> dict[str, Any]:
    found: dict[str, Any] = house.http.get("/openapi.json").json()
    return found


def test_every_operation_has_an_example_of_all_that_it_needs(document: dict[str, Any]) -> None:
    lacking = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for one in (meant(document, each) for each in operation.get("parameters", ())):
                if one.get("required") and "example" not in one:
                    lacking.append((method, path, one["name"]))
            contents = operation.get("requestBody", {}).get("content", {})
            if contents and not any(
                one.get("examples") or one["schema"].get("examples") for one in contents.values()
            ):
                lacking.append((method, path, "requestBody"))
    assert lacking == []


def test_names_of_operations_are_names_for_a_client(document: dict[str, Any]) -> None:
    names = [one["operationId"] for item in document["paths"].values() for one in item.values()]
    assert len(set(names)) == len(names)
    assert [name for name in names if not name.isidentifier() or name != name.lower()] == []
    assert [name for name in names if name.endswith("_2")] == []


def test_names_of_schemas_are_names_for_a_client(document: dict[str, Any]) -> None:
    """None tells of our modules, which the framework names where two classes are called alike."""
    names = [name for kind in document["components"].values() for name in kind]
    assert [name for name in names if "__" in name or name.endswith("_2")] == []


def test_every_list_and_object_says_what_it_holds(document: dict[str, Any]) -> None:
    """Else generators of clients leave out an operation with a list of they know not what."""
    lacking = list(_silent(document["components"]["schemas"], "schemas"))
    lacking += _silent(document["paths"], "paths")
    assert lacking == []


def _silent(part: Any, where: str) -> Iterator[str]:
    """Where in a document a list or an object is declared of which nothing is said."""
    if isinstance(part, dict):
        if part.get("type") == "array" and not part.keys() & {"items", "prefixItems"}:
            yield where
        holds = {"properties", "additionalProperties", "patternProperties", "anyOf", "allOf", "oneOf"}
        if part.get("type") == "object" and not part.keys() & holds:
            yield where
        for name, one in part.items():
            if name not in ("examples", "example", "default", "enum", "const"):
                yield from _silent(one, f"{where}.{name}")
    elif isinstance(part, list):
        for place, one in enumerate(part):
            yield from _silent(one, f"{where}[{place}]")


def test_every_example_is_taken(house: House, document: dict[str, Any]) -> None:
    operator = keys.create(house.runtime.store, Role.OPERATOR, "examples", house.runtime.clock.now())
    wanted = examples(document)
    assert NOT_NOW.keys() <= {one.operation for one in wanted}
    failed = []
    with deciding(house.runtime.engine):
        for one in sorted(wanted, key=place):
            if one.operation in ENDLESS:
                continue
            if not one.begins:
                wait_until(lambda: house.counts()["inbox"] == 0, seconds=60, what="all to be decided")
            answer = send(house.http, one, operator)
            if not _is_as_promised(one, answer):
                failed.append((one.operation, one.path, answer.status_code, answer.text[:300]))
    assert failed == [], "\n".join(map(str, failed))


def _is_as_promised(one: Example, answer: httpx.Response) -> bool:
    """It succeeds, or finds that what it is about is not there: as the document says."""
    if str(answer.status_code) not in one.promised:
        return False
    expected = NOT_NOW.get(one.operation)
    if one.operation in ONE_AFTER_ANOTHER and answer.status_code == 409:
        return True
    return answer.is_success if expected is None else answer.status_code == expected[0]
