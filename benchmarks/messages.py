"""Names of the messages that say "go" to the worker which is measured."""

FIRE = "bench.fire"
APPLY = "bench.apply"
