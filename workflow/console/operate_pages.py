"""Whether anything is late, stuck or given up, and what to do about it: ``/operate``, for operators."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Path, Query, Request
from pydantic import BaseModel, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.errors import Problem
from workflow.access.principal import Principal
from workflow.api.browser import BrowserOperator, OperatorsForm
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.parameters import STORABLE
from workflow.console.form_values import text_in
from workflow.console.rendering import page, see_other
from workflow.console.success import batch_word
from workflow.engine.runtime import Runtime
from workflow.errors import InvalidQuery, NotRetryable
from workflow.maintenance import dead_letters
from workflow.maintenance.backlog import look
from workflow.maintenance.cause_batches import BatchResult, drop_all, retry_all
from workflow.maintenance.causes import causes, counted
from workflow.maintenance.given_up import Cause, GivenUp
from workflow.queries.effects import effects
from workflow.queries.late_timers import late_timers
from workflow.queries.refusals import last_refusals
from workflow.store.effect_states import EffectState

router = LateRouter(include_in_schema=False)
PLACE = "/operate"
_BOUND = 1_000
"""What waits is counted no further."""
_SHOWN, _SAMPLES = 20, 5
_LONGEST = 2_000
_DROPPED = (GivenUp.EVENT, GivenUp.TIMER, GivenUp.MESSAGE)
_RETRIED = (GivenUp.EVENT, GivenUp.TIMER, GivenUp.EFFECT)

_Text = Annotated[str, Field(max_length=300, pattern=rf"^$|{STORABLE}")]


class Batch(BaseModel):
    """Everything that was given up for one cause, and what is to be done with it."""

    kind: GivenUp
    what: _Text
    word: _Text = ""
    act: Literal["retry", "drop"]

    @property
    def cause(self) -> Cause:
        """Of which it is everything."""
        return Cause(self.kind, self.what, self.word)


@router.get(PLACE)
def operate(request: Request, _: BrowserOperator) -> Response:
    """What waits and since when, how late timers are, what was given up and why, sends nobody knows of."""
    return _shown(request)


@router.get(f"{PLACE}/batch")
def batch_page(request: Request, _: BrowserOperator, wanted: Annotated[Batch, Query()]) -> Response:
    """How many there are, the first of them, and the form that does it."""
    return _asked(request, wanted, {}, [], 200)


@router.post(f"{PLACE}/batch")
async def carry_out(request: Request, holder: BrowserOperator, said: OperatorsForm) -> Response:
    """Retry or drop everything with this cause, here and now; the page then says how many it were."""
    try:
        wanted = Batch.model_validate({name: said.get(name, "") for name in Batch.model_fields})
    except ValidationError:
        raise InvalidQuery([Problem("form", "form", "this form says nothing that can be done")]) from None
    try:
        result = await run_in_threadpool(_carried_out, request, holder, wanted, said)
    except InvalidQuery as error:
        return await run_in_threadpool(_asked, request, wanted, said, error.problems, 422)
    context_of(request).wake([])
    return see_other(PLACE, done=batch_word(result.done, result.gone, left=result.left))


@router.post(f"{PLACE}/effects/{{effect_id}}")
async def decide_effect(
    request: Request,
    holder: BrowserOperator,
    effect_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
    said: OperatorsForm,
) -> Response:
    """Say whether a send of unknown outcome happened. Raises NotFound."""
    try:
        done = await run_in_threadpool(_decided, request, holder, effect_id, said)
    except InvalidQuery as error:
        return await run_in_threadpool(_shown, request, effect_id, said, error.problems, 422)
    except NotRetryable:
        return see_other(PLACE, done="lost")
    context_of(request).wake([])
    return see_other(PLACE, done=done)


def _decided(request: Request, holder: Principal, effect_id: int, said: dict[str, str]) -> str:
    runtime = context_of(request).runtime
    if said.get("decision") == "again":
        dead_letters.retry_effect(runtime.store, effect_id, runtime.clock.now())
        return "sent_again"
    note = _told(said, "note", "Say how you know that it happened.")
    dead_letters.settle_effect(runtime.store, effect_id, note, holder.actor, runtime.clock.now())
    return "settled"


def _carried_out(request: Request, holder: Principal, wanted: Batch, said: dict[str, str]) -> BatchResult:
    runtime: Runtime = context_of(request).runtime
    now = runtime.clock.now()
    allowed = _RETRIED if wanted.act == "retry" else _DROPPED
    if wanted.kind not in allowed:
        raise InvalidQuery(
            [Problem("form", "not-possible", "This cannot be done with what was given up here.")]
        )
    if wanted.act == "retry":
        return retry_all(runtime.store, wanted.cause, now)
    reason = _told(said, "reason", "Say why it is dropped.")
    return drop_all(runtime.store, wanted.cause, reason, holder.actor, now)


def _told(said: dict[str, str], name: str, message: str) -> str:
    text = text_in(said, name)
    if text is None:
        raise InvalidQuery([Problem(name, "required", message)])
    return text[:_LONGEST].replace("\x00", "")


def _asked(
    request: Request, wanted: Batch, said: dict[str, str], problems: list[Problem], status: int
) -> Response:
    found = counted(context_of(request).runtime.store, wanted.cause, _SAMPLES)
    return page(
        request,
        "operate_batch.html",
        at=f"{PLACE}/batch?{urlencode(wanted.model_dump(mode='json'))}",
        status=status,
        wanted=wanted,
        found=found,
        said=said,
        problems=problems,
    )


def _shown(
    request: Request,
    tried: int = 0,
    said: dict[str, str] | None = None,
    problems: list[Problem] | None = None,
    status: int = 200,
) -> Response:
    context = context_of(request)
    runtime = context.runtime
    store, now = runtime.store, runtime.clock.now()
    backlog = look(store, now, _BOUND)
    queues = (("events", backlog.events), ("timers", backlog.timers), ("effects", backlog.effects))
    broker = context.broker.state()
    return page(
        request,
        "operate.html",
        at=PLACE,
        status=status,
        queues=queues,
        bound=_BOUND,
        oldest=max(backlog.age(queue) for _, queue in queues),
        next_due=backlog.next_due,
        late=late_timers(store, runtime.registry.names(), now),
        causes=causes(store),
        retried=_RETRIED,
        dropped=_DROPPED,
        refusals=last_refusals(store)[:_SHOWN],
        unknown=effects(store, [EffectState.UNKNOWN], limit=_SHOWN),
        broker=broker,
        listeners=context.listeners() if context.listeners and broker == "reachable" else 0,
        flower=runtime.settings.flower_url,
        tried=tried,
        said=said or {},
        problems=problems or [],
    )
