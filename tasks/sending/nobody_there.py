"""What a channel says of an address while it is handed a message: nobody is there.

The customer's subject hears of it. So it rests as after a bounce that comes later, and one
person hears of it once.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from tasks.sending.bundle import Bundle
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.runtime import Runtime
from workflow.errors import InvalidEvent
from workflow.recovery.contact.resting import address_mark

SOURCE = "/makegood/sending"

log = structlog.get_logger(__name__)


def report(runtime: Runtime, bundle: Bundle, refused: Sequence[tuple[str, str]], *, failed: int) -> None:
    """Say it of each of these, (channel, why), if they are a customer's; once, however often it is tried.

    Args:
        runtime: whose customers they are.
        bundle: what was to be said.
        refused: the channels over which nobody is there.
        failed: over how many it did not go, these among them.
    """
    if bundle.counted is None or bundle.gathered:
        return
    to, now = bundle.notices[0].to, runtime.clock.now()
    went_nowhere = failed == len(bundle.channels)
    heard = went_nowhere and len(refused) < failed  # it is a dead letter, of which a person hears by itself
    message = {"words": bundle.notices[0].words, "about": bundle.notices[0].about, "effect": bundle.key}
    for channel, why in refused:
        mark = address_mark(to, channel)
        if not mark:
            continue
        data = {
            "channel": channel,
            "mark": mark,
            "code": why,
            "heard": heard,
            **(message if went_nowhere else {}),
        }
        name = f"{bundle.ids[0]}/{channel}/{mark}"
        event = CloudEvent(name, SOURCE, "customer.address_failed", bundle.counted, now, data)
        try:
            runtime.engine.accept([event])
        except InvalidEvent as error:  # a customer of the installation's own that knows no such trigger
            rules = ", ".join(f"{problem.field} [{problem.rule}]" for problem in error.problems[:3])
            log.error("an address is not there, and its customer does not hear of it", refused=rules)
