"""The words that service recovery adds to the language of lifecycles: functions of expressions."""

from __future__ import annotations

from state_machines.expressions import functions
from state_machines.expressions.functions import Function
from workflow.recovery.contact.addresses import address
from workflow.recovery.contact.hours import contact_time
from workflow.recovery.contact.identities import fingerprint, identities
from workflow.recovery.contact.profile import contact_fault, particulars, refused_channels
from workflow.recovery.rotations.duty import on_duty, rotation_fault

FUNCTIONS = (
    Function("contact_time", ("json", "timestamp"), "timestamp", contact_time),
    Function("address", ("json", "string"), "string", address),
    Function("fingerprint", ("string", "string"), "string", fingerprint),
    Function("identities", ("map",), "list", identities),
    Function("contact_fault", ("map",), "string", contact_fault),
    Function("particulars", ("map",), "map", particulars),
    Function("refused_channels", ("map",), "strings", refused_channels),
    Function("on_duty", ("map", "timestamp"), "list", on_duty),
    Function("rotation_fault", ("map",), "string", rotation_fault),
)


def register() -> None:
    """Register them. Before the first definition is compiled; a second time changes nothing."""
    functions.register(*FUNCTIONS)
