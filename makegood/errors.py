"""What can go wrong between a program and makegood."""

from __future__ import annotations

from collections.abc import Sequence

from makegood.answers import FieldError


class ClientError(Exception):
    """The API could not be reached, or it refused.

    Attributes:
        status: the HTTP status of its answer; None when there was none.
        errors: each rule that was broken, with the field that broke it. Of several events,
            ``[3].data.due_at`` is a field of the fourth that was given to `send_batch` or `send_all`.
        retry_after: seconds after which the API wants to be asked again, where it said so.
    """

    def __init__(
        self,
        message: str,
        status: int | None = None,
        errors: Sequence[FieldError] = (),
        retry_after: float | None = None,
    ) -> None:
        self.message = message
        self.status = status
        self.errors = list(errors)
        self.retry_after = retry_after
        lines = [message, *(f"{one['field']}: {one['message']} [{one['rule']}]" for one in self.errors)]
        super().__init__("\n  ".join(lines))
