"""The policy book, searched with the facts of a case."""

from workflow.recovery.policies.book import May, PolicyBook, PolicyMatch, Wish, search
from workflow.recovery.policies.facts import facts_of

__all__ = ["May", "PolicyBook", "PolicyMatch", "Wish", "facts_of", "search"]
