"""The body of a request as a value: a JSON object, a model, or a form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from workflow.api.http.body import read_body, size_of
from workflow.api.http.json_text import decode
from workflow.api.http.media_type import media_type
from workflow.api.http.problems import Kind, Refusal
from workflow.engine import form_text
from workflow.engine.form_text import FormTextError

MOST_BYTES = 16 * 1024
"""How large a body may be that says nothing else."""
_SMALL = 2 * 1024
"""Bytes of JSON that are read where they came, in the event loop: that takes less than to hand them over."""

COMPONENT = "#/components/schemas/{model}"
"""Where an OpenAPI document keeps the schema of a model."""

_Model = TypeVar("_Model", bound=BaseModel)
_Value = TypeVar("_Value")


async def read_whole(request: Request, most: int = MOST_BYTES) -> bytes:
    """The body as it came. Raises Refusal when it is longer than `most` bytes, or not there whole in time."""
    announced = dict(request.scope["headers"]).get(b"content-length")
    size_of(announced, most)
    return await read_body(request.receive, most, announced=announced)


async def read_json(request: Request, most: int = MOST_BYTES) -> bytes:
    """As `read_whole`, of a body that is JSON by what its sender says of it, if they say anything."""
    body = await read_whole(request, most)
    said = media_type(request.headers)
    if body and said.name and not said.is_json:
        message = f"must be application/json, not {said.name!r}"
        raise Refusal.of(Kind.MEDIA_TYPE, "content-type", "json", message)
    return body


async def read_object(request: Request, most: int = MOST_BYTES) -> dict[str, Any]:
    """The body, a JSON object of any form. Raises Refusal."""
    return await _apart(_object, await read_json(request, most))


async def read_optional_object(request: Request, most: int) -> dict[str, Any]:
    """The body, a JSON object of any form; without a body an empty one. Raises Refusal."""
    body = await read_json(request, most)
    return await _apart(_object, body) if body.strip() else {}


async def read_model(request: Request, model: type[_Model]) -> _Model:
    """The JSON body as this model. Raises as `model_of`, and Refusal for its length."""
    return await _apart(lambda body: model_of(body, model), await read_json(request))


def _object(body: bytes) -> dict[str, Any]:
    value = decode(body)
    if not isinstance(value, dict):
        raise Refusal.of(Kind.INVALID, "body", "object", "must be an object: the data of the trigger")
    return value


async def _apart(read: Callable[[bytes], _Value], body: bytes) -> _Value:
    """What `read` makes of a body; in a thread if that may take longer than a moment."""
    return read(body) if len(body) <= _SMALL else await run_in_threadpool(read, body)


def model_of(body: bytes, model: type[_Model]) -> _Model:
    """A JSON text as this model, each value of the type that the model says: no number for a text or a truth.

    Raises:
        Refusal: it is no JSON.
        RequestValidationError: it breaks rules of the model; with each field and rule.
    """
    try:
        decode(body)  # which is stricter about JSON itself than the model's own reader
        return model.model_validate_json(body, strict=True)
    except ValidationError as error:
        problems = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(problems) from None


async def read_form(request: Request, most_fields: int, most: int = MOST_BYTES) -> list[tuple[str, str]]:
    """The fields of an HTML form (application/x-www-form-urlencoded) in order; none of an empty body.

    Raises Refusal, which names the field: for its length, for a body that says it is something else, and for
    what is not UTF-8 or nothing that a database keeps.
    """
    body = await read_whole(request, most)
    said = media_type(request.headers)
    if body and said.name not in ("", form_text.MEDIA_TYPE):
        message = f"must be {form_text.MEDIA_TYPE}, not {said.name!r}"
        raise Refusal.of(Kind.MEDIA_TYPE, "content-type", "form", message)
    try:
        fields = form_text.decode(body, most_fields)
    except FormTextError as error:
        field = f"body.{error.field}" if error.field else "body"
        raise Refusal.of(Kind.MALFORMED, field, error.rule, error.message) from None
    for name, value in fields:
        if "\x00" in name or "\x00" in value:
            field = f"body.{name}".replace("\x00", "\N{REPLACEMENT CHARACTER}")
            message = "contains the character U+0000, which databases cannot keep"
            raise Refusal.of(Kind.INVALID, field, "nul", message)
    return fields


def described_body(model: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """The `openapi_extra` of an operation that reads its body with `read_model`.

    What the schema refers to stands in its `$defs` until `documentation.describe` puts it where that leads.
    """
    content = {"application/json": {"schema": model.model_json_schema(ref_template=COMPONENT)}}
    return {"requestBody": {"required": required, "content": content}}
