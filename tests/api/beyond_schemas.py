"""For schemathesis, beside its own checks: what the OpenAPI document allows is taken, or refused by a rule
that no schema can say.

Everything that a schema can say the document has to say: a request that fits it and is refused for another
rule than these is a mistake of the document, or of the API.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.generation.meta import TestPhase
from schemathesis.specs.openapi import stateful
from schemathesis.specs.openapi.checks import positive_data_acceptance

from workflow.errors import InvalidQuery
from workflow.queries.cursor import row_of

RULES = {
    "cursor": "which texts an earlier page has given",
    "order": "that one time lies before another",
    "zone": "which names the database of time zones has",
    "unknown-zone": "which names the database of time zones has",
    "instant-exists": "which local times a zone has",
    "date": "which days a zone has",
    "unknown-version": "which versions of a lifecycle are registered",
    "same-version": "that two versions are two",
    "unknown-lifecycle": "which lifecycles are registered",
    "unknown-state": "which states a lifecycle has",
    "unknown-trigger": "which triggers a lifecycle has",
    "too-many-periods": "how many periods lie between two times",
    "doubled-id": "that no two events of a batch have the same source and id",
    "subject-lifecycle": "that two attributes name the same lifecycle",
    "reserved-source": "which sources are makegood's own",
    "url": "which addresses can be a host's",
    "https": "whether plain HTTP has somewhere to go",
    "address": "which addresses are public",
    "not-cel": "what is CEL",
    "not-boolean": "what an expression gives",
    "too-many-walks": "how often an expression walks through lists",
    "nothing-asked": "that a search says what to look for",
    "not-wanted": "which changes a subscription is for",
    "later": "where a sandbox's clock stands",
    "distance": "how far a sandbox's clock has to go",
    "instant-range": "which years a time lies in",
    "integer-range": "how large a number within anything may be",
    "nul": "that no text within anything holds U+0000",
    "task-not-allowed": "which tasks the installation allows",
    "duration-precision": "how exact a length of time may be",
    "duration-length": "how long a length of time may be",
    "duration-fixed-length": "that a length of time counts no years and no months",
    "depth": "how deep anything may nest",
    **dict.fromkeys(
        ("never-open", "unknown-weekday", "weekday-twice", "block-form", "block-length", "blocks-form"),
        "which hours are a calendar's: days and blocks have more than one form",
    ),
    **dict.fromkeys(("blocks-overlap", "date-form", "date-twice", "dates-form"), "the same"),
    **dict.fromkeys(("unknown-country", "unknown-subdivision"), "which countries and parts have holidays"),
}
"""By name, and what it is about that no schema can say."""
FIELDS = {
    "data": "which data a trigger declares stands in its lifecycle",
    "data_base64": "what the bytes mean",
    "content-type": "that attributes in headers make a JSON body an event's data",
}
"""Fields whose rules stand elsewhere, and where; what stands within one counts as well."""
SEVERAL_FIELDS = {
    ("body.by", "required"): "that a program says who acts, which a person's own key need not",
    ("body", "value_error"): "what a model asks of several of its fields together",
    ("query.fields", "unknown-field"): "which names there are of several with commas between",
    ("if-match", "entity-tag"): "how a tag is written, with its quotes",
    ("role", "required"): "that a role goes with what it wants to grant",
    ("what", "required"): "that a role goes with what it wants to grant",
}
"""Fields and rules of what is asked of several fields together."""


def is_beyond(error: dict[str, str]) -> bool:
    """Whether an error of an answer is about a rule that no schema can say."""
    field, rule = error["field"], error["rule"]
    last = field.partition("].")[2] if field.startswith("[") else field
    return rule in RULES or (field, rule) in SEVERAL_FIELDS or last.split(".")[0].split("[")[0] in FIELDS


_LARGEST = 2**63 - 1
_OF_ANOTHER = {"If-Match", "Idempotency-Key"}
"""Headers that speak of another state, or of another request, than the one that was made up."""


@schemathesis.hook
def before_call(ctx: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Whoever goes on with what has been made waits until it is; a request by itself waits for nothing."""
    if (
        case.meta is not None
        and case.meta.phase.name == TestPhase.STATEFUL
        and case.meta.generation.mode.is_positive
    ):
        _go_on(case)
    elif case.headers and ("Prefer" in case.headers or "If-Match" in case.headers):
        case.headers["Prefer"] = "wait=0"


_likely = stateful.is_likely_root_transition


def _begins(operation: Any, node: Any, produced_anywhere: set[str]) -> bool:
    """Whether a sequence begins with it. Left to itself any POST would, also about what is not there."""
    return not operation.path_parameters and _likely(operation, node, produced_anywhere)


stateful.is_likely_root_transition = _begins


def _go_on(case: Any) -> None:
    """What no schema can say is put right: here requests are to be taken, so that others can follow them.

    That they are refused where they should be is for the other phases to see.
    """
    if _OF_ANOTHER & (case.headers or {}).keys():  # only then: what is written anew is judged anew
        case.headers = {name: one for name, one in case.headers.items() if name not in _OF_ANOTHER}
    if any(not _is_given(name, one) for name, one in (case.query or {}).items()):
        case.query = {name: one for name, one in case.query.items() if _is_given(name, one)}
    if (kept := _kept(case.body)) != case.body:
        case.body = kept
    if "x-makegood-trigger" in case.operation.definition.raw:
        case.headers = {**(case.headers or {}), "Prefer": "wait=5"}
        id = (case.query or {}).get("id")
        if isinstance(id, str):  # it takes a text with a per cent sign for one that is quoted already
            case.query = {**case.query, "id": id.replace("%", "_")}


def _is_given(name: str, value: Any) -> bool:
    """Whether this is no cursor, or one that a page has given."""
    if name not in ("cursor", "after"):
        return True
    try:
        return row_of(value) > 0
    except InvalidQuery:
        return False


def _kept(value: Any) -> Any:
    """What is within anything, as it can be kept: without U+0000, and without numbers over 64 bits."""
    if isinstance(value, dict):
        return {_kept(name): _kept(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_kept(one) for one in value]
    if isinstance(value, str):
        return value.replace("\x00", "")
    return value % _LARGEST if type(value) is int and abs(value) > _LARGEST else value


@schemathesis.check
def what_was_followed_is_written_down(ctx: Any, response: Any, case: Any) -> None:
    """Into the file that `LINKS_FOLLOWED` names: what was asked by which link, and the status."""
    said = ctx.internals.recorder.cases.get(case.id)
    if said is not None and said.transition is not None and said.is_transition_applied:
        with Path(os.environ["LINKS_FOLLOWED"]).open("a", encoding="utf-8") as file:
            operation = case.operation.definition.raw["operationId"]
            file.write(f"{operation}\t{response.status_code}\t{said.transition.id}\n")


@schemathesis.check
def what_the_document_allows_is_taken(ctx: Any, response: Any, case: Any) -> bool | None:
    """As schemathesis' own `positive_data_acceptance`, but for rules that no schema can say."""
    if response.status_code == 412:  # which revision a subject has no schema can say
        return None
    if response.status_code in (415, 422):
        errors = response.json()["errors"]
        if errors and all(is_beyond(error) for error in errors):
            return None
    return positive_data_acceptance(ctx, response, case)  # type: ignore[no-any-return]
