"""When a request is sent again, and after how long."""

from __future__ import annotations

import random
from dataclasses import dataclass

from makegood.errors import ClientError

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0


class PassingFailure(Exception):
    """An attempt failed in a way that may be over soon; `harmless`: what was asked has not been begun."""

    def __init__(self, error: ClientError, *, harmless: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.harmless = harmless


@dataclass(frozen=True, slots=True)
class Retrying:
    """How patient a client is.

    Attributes:
        attempts: how often a request is sent at most, the first time included.
        patience: seconds that the API may ask us to wait between two attempts, at most.
    """

    attempts: int
    patience: float

    def pause(self, attempt: int, failed: PassingFailure, *, repeatable: bool) -> float:
        """Seconds to wait after an attempt that failed, counted from 1.

        Raises ClientError where there is to be no other.
        """
        pause = failed.error.retry_after
        last = attempt >= self.attempts or not (repeatable or failed.harmless)
        if last or (pause is not None and pause > self.patience):
            raise failed.error from failed.__cause__
        return _doubling(attempt) if pause is None else pause


def _doubling(attempt: int) -> float:
    """Doubling, and by chance shorter, so that not all come back at once."""
    return float(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1.0))
