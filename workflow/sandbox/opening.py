"""How an installation becomes a sandbox: its settings, and where its clock begins."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from state_machines.values.instants import format_instant, parse_instant
from state_machines.values.time_errors import TimeError
from workflow.clock import SandboxClock, clock_from
from workflow.errors import SettingsError
from workflow.settings import NOTHING_LEAVES, Settings, ensure_data_dir
from workflow.store import open_store
from workflow.store.purpose import Purpose, refuse_another

FILE = "clock"


def sandbox_settings(settings: Settings, at: str | None = None) -> Settings:
    """These settings on a sandbox's clock, whose file is made in the data directory; nothing is sent.

    Args:
        at: RFC 3339 instant at which the clock is to begin; None: now, or where it stands already.

    Raises:
        StoreError: the store has run in earnest.
        SettingsError: `at` is no instant; the clock stands elsewhere already.
    """
    begins = None if at is None else _instant(at)
    clock = _clock(settings)
    chosen = settings.model_copy(update={**NOTHING_LEAVES, "clock": clock.spec()})
    refuse_another_purpose(chosen)  # before anything is left in the data directory
    if begins is not None:
        stands = clock.now() if clock.path.exists() else clock.begin(begins)
        if stands != begins:
            raise SettingsError(
                f"--at: the sandbox's clock stands at {format_instant(stands)} already; move it by "
                "POST /v1/clock/advance, or begin anew in another MAKEGOOD_DATA_DIR"
            )
    return chosen


def refuse_another_purpose(settings: Settings) -> None:
    """Raise StoreError, naming the rule, where the store must not run on the clock of these settings."""
    store = open_store(settings.database)
    try:
        refuse_another(store, Purpose.of(clock_from(settings.clock)))
    finally:
        store.close()


def _clock(settings: Settings) -> SandboxClock:
    """The clock that is set, if it is a sandbox's, else that of the data directory."""
    known = clock_from(settings.clock)
    if isinstance(known, SandboxClock):
        return known
    return SandboxClock(Path(ensure_data_dir(settings)) / FILE)


def _instant(at: str) -> datetime:
    try:
        return parse_instant(at)
    except TimeError as error:
        raise SettingsError(f"--at: {error.message} [{error.rule}]") from None
