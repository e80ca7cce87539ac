"""Templates: what a notice says, per language and channel, rendered when it is decided."""

from state_machines.templates.reader import Reader, reader_of
from state_machines.templates.template import Said, Template

__all__ = ["Reader", "Said", "Template", "reader_of"]
