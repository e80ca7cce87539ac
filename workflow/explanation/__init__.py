"""How every deadline of a subject came about: told from the ledger, for a person at a desk."""

from workflow.explanation.explaining import explain
from workflow.explanation.told import Explanation, TimerTold

__all__ = ["Explanation", "TimerTold", "explain"]
