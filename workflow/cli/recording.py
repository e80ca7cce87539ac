"""`makegood test --record`: what really happened becomes a scenario."""

from __future__ import annotations

from pathlib import Path

import typer

from state_machines.errors import Problem
from workflow.errors import InvalidQuery
from workflow.scenarios.recorded.keeping import Kept, keep_ledger, keep_log

_MOST_TOLD = 10


def record(
    keys_or_log: list[str],
    out: Path,
    map: Path | None,
    lifecycle: Path | None,
    subjects: list[str],
    keep_personal: bool,
) -> None:
    """Write a scenario to `out`, and say on stderr what came of it.

    Args:
        keys_or_log: keys of subjects whose ledger is read from the configured store; or one log, with `map`
            and `lifecycle`.
        subjects: of a log, the ones to be recorded; none: all.
        keep_personal: whether addresses and names stay as they are.

    Raises:
        InvalidQuery: options do not fit together, or what they ask for cannot be written.
        NotFound: the ledger has no such subject.
        ReplayRefused: a log, a map or a lifecycle cannot be used.
    """
    from workflow.recovery import vocabulary

    vocabulary.register()
    if map is None and lifecycle is None:
        kept = _from_ledger(keys_or_log, out, subjects, keep_personal)
    else:
        kept = keep_log(*_log_files(keys_or_log, map, lifecycle), subjects, out, keep_personal=keep_personal)
    for note in [*kept.notes, *kept.doubts][:_MOST_TOLD]:
        typer.echo(note, err=True)
    typer.echo(f"{kept.file}: {kept.steps} steps about {kept.subjects} subjects, {_verdict(kept)}", err=True)


def _from_ledger(keys: list[str], out: Path, subjects: list[str], keep_personal: bool) -> Kept:
    from workflow.settings import read_settings
    from workflow.store import open_store

    if subjects:
        message = "chooses from a log; subjects of the ledger are named behind --record"
        raise InvalidQuery([Problem("--subject", "log-only", message)])
    if not keys:
        raise InvalidQuery([Problem("--record", "required", "name subjects, or a log")])
    for key in keys:
        if ":" not in key:
            message = f"{key!r} is no subject's key, such as promise:P-17; a log needs --map and --lifecycle"
            raise InvalidQuery([Problem("--record", "form", message)])
    store = open_store(read_settings().database, patient=True)
    try:
        return keep_ledger(store, keys, out, keep_personal=keep_personal)
    finally:
        store.close()


def _log_files(logs: list[str], map: Path | None, lifecycle: Path | None) -> tuple[Path, Path, Path]:
    """The log, its map and its lifecycle."""
    problems = []
    if len(logs) != 1:
        problems.append(Problem("--record", "one-log", f"takes one log, and not {len(logs)}"))
    if map is None:
        problems.append(Problem("--map", "required", "says what in the log is what"))
    if lifecycle is None:
        problems.append(Problem("--lifecycle", "required", "is what the log is run through"))
    if problems or map is None or lifecycle is None:
        raise InvalidQuery(problems)
    return Path(logs[0]), map, lifecycle


def _verdict(kept: Kept) -> str:
    return "which go well" if not kept.doubts else "which do not go well as they stand: see above"
