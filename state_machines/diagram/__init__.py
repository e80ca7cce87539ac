"""What a lifecycle looks like: as text for Mermaid, and as an SVG drawn here."""

from state_machines.diagram.drawing import Words, when_due
from state_machines.diagram.emphasis import Emphasis
from state_machines.diagram.mermaid import mermaid
from state_machines.diagram.svg import svg

__all__ = ["Emphasis", "Words", "mermaid", "svg", "when_due"]
