"""Attempts to send: bundles are handed to channels, and what came of each. The database has no part in it.

Where a channel takes several at once, each is handed over by a thread of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, NamedTuple

import structlog

from tasks.channels.port import ChannelError, NobodyThere, Notice, OutcomeUnknown, Receipt, Rejected, Retry
from tasks.sending.bundle import Bundle
from tasks.sending.digest import joined
from tasks.sending.gathered import list_of
from tasks.sending.hanging_servers import HangingServers
from tasks.sending.sending_spans import end_sending, sending_span
from tasks.sending.sessions import Sessions
from workflow.recovery.contact.policy import NO_WAY
from workflow.recovery.contact.resting import address_mark
from workflow.recovery.links import LinkWriter
from workflow.recovery.links.urls import base_url
from workflow.settings import Settings
from workflow.telemetry.trace_context import within

log = structlog.get_logger(__name__)


class Attempt(NamedTuple):
    """What came of handing a bundle over.

    Attributes:
        bundle: it.
        outcome: the receipt as it is stored; or else why there is none.
        nobody: the channels over which nobody is there, each with why.
        failed: over how many channels it did not go, these among them.
    """

    bundle: Bundle
    outcome: dict[str, Any] | ChannelError
    nobody: Sequence[tuple[str, str]] = ()
    failed: int = 0


class Attempts:
    """Hands bundles to channels, in words that their receivers can read."""

    def __init__(self, settings: Settings) -> None:
        self._links = LinkWriter(settings)
        self._base = base_url(settings)
        self._hanging = HangingServers()

    def at_once(self, bundles: Sequence[Bundle], sessions: Sessions) -> list[Attempt]:
        """Hand over bundles that go over one channel first, all at once; what came of each, in order."""
        if len(bundles) == 1:
            return [self.one(bundles[0], sessions)]
        pool = ThreadPoolExecutor(len(bundles), "makegood-send")
        waiting = [pool.submit(self.one, bundle, sessions) for bundle in bundles]
        try:
            wait(waiting)
        except Exception as error:  # a time limit of the task: those that are not done may still go out
            return [_interrupted(*one, error) for one in zip(bundles, waiting, strict=True)]
        finally:
            pool.shutdown(wait=False)
        return [one.result() for one in waiting]

    def one(self, bundle: Bundle, sessions: Sessions) -> Attempt:
        """Hand it to the first channel that does not reject it.

        Where the outcome is unknown, or another try may help, no other is asked: it may have been sent.
        """
        span = sending_span(bundle)
        with within(span.traceparent):
            attempt = self._one(bundle, sessions)
        end_sending(span, attempt.outcome)
        return attempt

    def _one(self, bundle: Bundle, sessions: Sessions) -> Attempt:
        failed: list[tuple[str, str]] = []
        nobody: list[tuple[str, str]] = []
        for channel in bundle.channels:
            notices = [self._readable(notice.over(channel)) for notice in bundle.notices]
            message = self._as_one(notices, gathered=bundle.gathered)
            try:
                receipt = self._over(message, bundle.key, sessions)
            except Rejected as error:
                failed.append((channel, str(error)))
                nobody += [failed[-1]] if isinstance(error, NobodyThere) else []
            except (Retry, OutcomeUnknown) as error:
                if isinstance(error, OutcomeUnknown):
                    error.channel = channel
                return Attempt(bundle, error, nobody, len(failed))
            else:
                said = _stored(receipt, failed) | where(bundle, channel)
                return Attempt(bundle, said, nobody, len(failed))
        reason = failed[0][1] if len(failed) == 1 else "; ".join(f"{name}: {why}" for name, why in failed)
        refused = Rejected(f"{reason} {NO_WAY}" if len(nobody) == len(failed) else reason)
        return Attempt(bundle, refused, nobody, len(failed))

    def _over(self, message: Notice, key: str, sessions: Sessions) -> Receipt:
        channel = sessions.channel(message.channel)
        if channel is None:
            raise Rejected(f"channel: nothing here carries {message.channel!r} [no-channel]")
        try:
            with self._hanging.asked(sessions.server_of(message)):
                return channel.send(message, key)
        except (Retry, Rejected, OutcomeUnknown):
            raise
        except Exception as error:
            # An error of the channel or a time limit: it may have come after the message was sent.
            log.exception("a channel failed", channel=message.channel, effect=key)
            reason = f"{type(error).__name__} in the channel {message.channel!r}"
            raise OutcomeUnknown(reason) from error

    def _as_one(self, notices: Sequence[Notice], *, gathered: bool) -> Notice:
        if len(notices) == 1:
            return notices[0]
        return list_of(notices, self._base) if gathered else joined(notices)

    def _readable(self, notice: Notice) -> Notice:
        """The notice with the URLs of its links in their places."""
        if not notice.links:
            return notice
        title, words = (
            self._links.filled(text, notice.key, notice.links) for text in (notice.title, notice.words)
        )
        return notice._replace(title=title, words=words)


def where(bundle: Bundle, channel: str) -> dict[str, Any]:
    """To which address of a customer it went, by its mark: they may have another when a report comes."""
    if bundle.counted is None or bundle.gathered:
        return {}
    mark = address_mark(bundle.notices[0].to, channel)
    return {"mark": mark} if mark else {}


def _interrupted(bundle: Bundle, attempt: Future[Attempt], error: Exception) -> Attempt:
    """What came of one of several when this error came."""
    if attempt.done():
        return attempt.result()
    lost = OutcomeUnknown(f"{type(error).__name__} in the channel {bundle.channels[0]!r}")
    lost.channel = bundle.channels[0]
    return Attempt(bundle, lost)


def _stored(receipt: Receipt, failed: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The receipt as it is stored."""
    said = receipt.to_json()
    if failed:
        said["attempts"] = [{"channel": channel, "error": error} for channel, error in failed]
    return said
