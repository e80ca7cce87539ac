"""Requests whose messages bring contents: monitoring sees keys alone, whatever their senders wanted shown.

Flower shows the arguments' text of events, and the arguments themselves of tasks that are running.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from celery.worker.request import Request

from workflow.broker.client import shown


class _Keys(Request, ABC):
    """A request that shows `keys()` in the place of its arguments."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._argsrepr = self._request_dict["argsrepr"] = shown(self.keys())
        self._kwargsrepr = self._request_dict["kwargsrepr"] = "{}"

    @abstractmethod
    def keys(self) -> Sequence[str]:
        """What may be shown."""

    def info(self, safe: bool = False) -> dict[str, Any]:
        """As `celery inspect` and Flower get it: never the arguments themselves."""
        described: dict[str, Any] = super().info(safe=True)
        return described


class EventsRequest(_Keys):
    """Of events: the subjects they are addressed to."""

    def keys(self) -> Sequence[str]:
        """Their `subject`, where they have one."""
        events = self.args[0] if self.args and isinstance(self.args[0], list) else []
        subjects = [event.get("subject") for event in events if isinstance(event, Mapping)]
        return [subject for subject in subjects if isinstance(subject, str)]


class ReceiptRequest(_Keys):
    """Of a receipt: the key of its effect, which begins with the subject's."""

    def keys(self) -> Sequence[str]:
        """The second argument."""
        key = self.args[1] if len(self.args) > 1 else None
        return [key] if isinstance(key, str) else []
