"""The policy book, searched with the facts of a case."""

from workflow.recovery.policies.book import Finding, May, Wish, search
from workflow.recovery.policies.facts import facts_of

__all__ = ["Finding", "May", "Wish", "facts_of", "search"]
