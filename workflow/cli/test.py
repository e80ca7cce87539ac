"""`makegood test`: scenarios, played through the real engine on a virtual clock."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from workflow.scenarios.session import Session

FOLDER = Path("scenarios")
"""Where scenarios are looked for when nobody says where."""


class StoreKind(StrEnum):
    """On what scenarios are played."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class Order(StrEnum):
    """In which order."""

    FILES = "files"
    RANDOM = "random"


def test(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files of scenarios, and folders of them; without any: the folder scenarios. With --record: "
            "keys of subjects, or a log.",
            metavar="PATH",
            show_default=False,
        ),
    ] = None,
    store: Annotated[
        StoreKind,
        typer.Option(
            help="Play on SQLite, or on PostgreSQL at MAKEGOOD_DATABASE_URL, in a database of its own."
        ),
    ] = StoreKind.SQLITE,
    jobs: Annotated[
        int | None,
        typer.Option(help="In so many processes. Default: one a core, fewer for few scenarios.", min=1),
    ] = None,
    order: Annotated[
        Order | None, typer.Option(help="As the files are called, or random; the seed is printed.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="The seed of a random order, to have it again.", min=0)
    ] = None,
    only: Annotated[
        str | None, typer.Option(help="Those whose title or file has these words.", metavar="WORDS")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Those with this tag, or one of several.")] = None,
    junit: Annotated[
        Path | None, typer.Option(help="File for the results as JUnit XML.", dir_okay=False)
    ] = None,
    coverage: Annotated[bool, typer.Option("--coverage", help="Say what none of them took.")] = False,
    coverage_json: Annotated[
        Path | None, typer.Option(help="File for that as JSON.", metavar="FILE", dir_okay=False)
    ] = None,
    coverage_svg: Annotated[
        Path | None,
        typer.Option(help="Folder for pictures of what they took.", metavar="DIR", file_okay=False),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Tell the story of those that went well, too.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Play again whatever a changed file concerns, until ctrl-C.")
    ] = False,
    record: Annotated[
        bool,
        typer.Option(
            "--record", help="Write a scenario instead: of what happened to subjects, or stands in a log."
        ),
    ] = False,
    out: Annotated[Path | None, typer.Option(help="File for the scenario that --record writes.")] = None,
    map_file: Annotated[
        Path | None, typer.Option("--map", help="With --record: what in the log is what, as for replay.")
    ] = None,
    lifecycle: Annotated[
        Path | None, typer.Option(help="With --record: the lifecycle to run the log through.")
    ] = None,
    subject: Annotated[
        list[str] | None, typer.Option(help="With --record: only this subject of the log, or several.")
    ] = None,
    keep_personal: Annotated[
        bool, typer.Option("--keep-personal", help="With --record: leave addresses and names as they are.")
    ] = False,
) -> None:
    """Play scenarios: given this, when that happens, then this must be so and nothing else.

    Exit code 0: everything was so. 1: a scenario failed. 2: a file is wrong or there is none, no store to
    play on, or no file could be written.
    """
    if record:
        _record(paths or [], out, map_file, lifecycle, subject or [], keep_personal)
        return
    for name, value in (
        ("--out", out),
        ("--map", map_file),
        ("--lifecycle", lifecycle),
        ("--subject", subject),
    ):
        if value:
            raise typer.BadParameter("goes with --record", param_hint=name)

    from workflow.scenarios.report import console_for
    from workflow.scenarios.running import RunOptions
    from workflow.scenarios.session import Request, Session
    from workflow.scenarios.watching import watch as watch_files

    taken = coverage or coverage_json is not None or coverage_svg is not None
    options = RunOptions(store.value, _postgresql_url(store), jobs, taken)
    request = Request(
        paths=_paths(paths),
        run=options,
        seed=_seed(order, seed),
        only=only,
        tags=tuple(tag or ()),
        junit=_writable(junit, "--junit"),
        coverage=coverage,
        coverage_json=_writable(coverage_json, "--coverage-json"),
        coverage_svg=coverage_svg,
        verbose=verbose,
    )
    session = Session(request, console_for())
    _end(watch_files if watch else _play_once, session)


def _record(
    what: list[str],
    out: Path | None,
    map_file: Path | None,
    lifecycle: Path | None,
    subjects: list[str],
    keep_personal: bool,
) -> None:
    from state_machines.errors import StateMachineError
    from workflow.cli.recording import record
    from workflow.errors import MakegoodError

    if out is None:
        raise typer.BadParameter("say which file is to be written", param_hint="--out")
    try:
        record(what, out, map_file, lifecycle, subjects, keep_personal)
    except (MakegoodError, StateMachineError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def _play_once(session: Session) -> None:
    if not session.play(session.read()):
        raise typer.Exit(1)


def _end(act: Callable[[Session], None], session: Session) -> None:
    """Say why nothing was played, or no file could be written, and end with exit code 2."""
    from workflow.errors import StoreError
    from workflow.scenarios.errors import ScenarioError

    try:
        act(session)
    except ScenarioError as error:
        said = [str(problem) for problem in error.problems]
    except (StoreError, OSError) as error:
        said = [f"makegood: {error}"]
    else:
        return
    typer.echo("\n".join(said), err=True)
    raise typer.Exit(2)


def _paths(paths: list[str] | None) -> tuple[Path, ...]:
    if paths:
        return tuple(map(Path, paths))
    if not FOLDER.is_dir():
        message = f"say which scenarios: files, or folders of them. There is no folder {FOLDER}/ here"
        raise typer.BadParameter(message, param_hint="PATH")
    return (FOLDER,)


def _seed(order: Order | None, seed: int | None) -> int | None:
    """The seed of a random order; None in the order of files."""
    from random import SystemRandom

    if order is Order.FILES and seed is not None:
        raise typer.BadParameter("goes with --order random", param_hint="--seed")
    if order is Order.RANDOM and seed is None:
        return SystemRandom().randrange(1_000_000)
    return seed


def _writable(file: Path | None, option: str) -> Path | None:
    """Said before anything is played: the folder of the file is there."""
    if file is not None and not file.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {file.parent}", param_hint=option)
    return file


def _postgresql_url(store: StoreKind) -> str:
    from workflow.settings import read_settings

    return "" if store is StoreKind.SQLITE else read_settings().database
