"""The fixed names of our Celery tasks, queues and remote commands: moving a file orphans no message."""

QUEUE = "makegood"
"""The one queue that our own tasks use."""
IDLE_QUEUE = "makegood.idle"
"""A queue to which nobody sends: what a clock that runs alone listens on."""
FOREIGN_QUEUE = "celery"
"""Where an effect's task goes when its definition names no queue: Celery's own default."""

APPLY = "makegood.events.apply"
ACCEPT = "makegood.events.accept"
FIRE = "makegood.timers.fire"
RELAY = "makegood.dispatch.relay"
SEND = "makegood.notices.send"
SUCCEEDED = "makegood.receipts.succeeded"
FAILED = "makegood.receipts.failed"

WAKE_CLOCKS = "makegood_wake_clocks"
"""Celery remote control command: look again, a timer is due before you meant to wake."""

EFFECT_HEADER = "makegood-effect"
"""Message header of every task that an effect asked for: the effect's idempotency key."""
