"""Which kinds of timeouts there are. A new one is a file beside this one, and a word here."""

from typing import Any

from state_machines.timeouts.kinds.after import After
from state_machines.timeouts.kinds.at import At
from state_machines.timeouts.kinds.before import Before
from state_machines.timeouts.kinds.every import Every
from state_machines.timeouts.rule import Kind

KINDS: tuple[type[Kind[Any]], ...] = (After, At, Before, Every)
"""All of them, in the order in which people are told of them."""
