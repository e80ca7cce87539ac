"""Claims of notices whose commit was not answered: the connection was lost on the way.

Nothing was sent under one, and only who made it knows that. Left alone it would count as a send of unknown
outcome when its lease has run out: a person would be asked, and the customer not told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tasks.sending.bundle import Bundle
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox
from workflow.outbox.noting import note


def give_back(runtime: Runtime, bundles: Sequence[Bundle], until: datetime) -> None:
    """Have what such a claim holds until then claimed again; nothing where it holds nothing.

    Raises:
        DBAPIError: the database does not take it.
    """
    if bundles:
        number = sum(len(one.rows) for one in bundles)
        note(lambda: _give_back(runtime, bundles, until), outbox.UNSURE, number)


def _give_back(runtime: Runtime, bundles: Sequence[Bundle], until: datetime) -> None:
    now, held = runtime.clock.now(), outbox.Hold.sending(bundles[0].rows[0])
    ids = [one for bundle in bundles for one in bundle.ids]
    with runtime.store.begin() as transaction:
        found = set(outbox.put_back_unsure(transaction, ids, held, until, now))
        for bundle in bundles:
            bundle.forget_contact(transaction, now, again=True, of=found.intersection(bundle.ids))
