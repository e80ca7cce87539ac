"""Plays scenarios again whenever a file that concerns them has changed.

The operating system's news of changes only wake it up: what has changed is asked of the files themselves, so
that nothing is missed that happens while scenarios are played, or before a new folder is watched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from threading import Event

from rich.text import Text

from workflow.scenarios.errors import ScenarioError
from workflow.scenarios.report import shown_path
from workflow.scenarios.scenario import Scenario
from workflow.scenarios.session import Session

_LOOK_EVERY = 1000
"""Milliseconds after which files are looked at even if no news came."""
_SUFFIXES = (".yaml", ".yml")

Stamps = dict[Path, tuple[int, int] | None]


def watch(session: Session, stop: Event | None = None) -> None:
    """Play everything, then again whatever a changed file concerns, until `stop` or ctrl-C.

    A file that is wrong meanwhile is told, and what it concerns is played when it is mended.
    """
    from watchfiles import watch as changes_in

    watcher = _Watcher(session)
    try:
        watcher.play_changed()
        while stop is None or not stop.is_set():
            folders = watcher.folders()
            for changes in changes_in(
                *folders,
                recursive=False,
                stop_event=stop,
                rust_timeout=_LOOK_EVERY,
                yield_on_timeout=True,
            ):
                watcher.look(bool(changes))
                if watcher.folders() != folders:
                    break
    except KeyboardInterrupt:
        return


class _Watcher:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._scenarios: list[Scenario] | None = None
        self._stamps: Stamps = {}
        self._changed: set[Path] = set()
        """Files that have changed since what they concern was played."""
        self._wrong: set[Path] = set()
        self._told: list[str] = []
        """What was wrong when it was last read; it is said once."""

    def folders(self) -> list[Path]:
        """Those in which something may change that concerns a scenario."""
        given = (Path(path) for path in self._session.request.paths)
        below = [folder for path in given if path.is_dir() for folder in _folders_below(path)]
        return sorted(
            {*map(_absolute, below), *(file.parent for file in self._stamps if file.parent.is_dir())}
        )

    def look(self, news: bool) -> None:
        """Play again what has changed, if anything has; with news, what was wrong is read again."""
        stamps = _stamps(self._files())
        changed = {file for file in {*stamps, *self._stamps} if stamps.get(file) != self._stamps.get(file)}
        if changed or (news and self._told):
            self._changed |= changed
            self.play_changed()

    def play_changed(self) -> None:
        """Read everything, and play what is new or has a file that changed; at first, all."""
        self._stamps = _stamps(self._files())  # before it is read: what changes later is seen then
        try:
            scenarios = self._session.read()
        except ScenarioError as error:
            self._tell(error)
            return
        self._told, self._wrong = [], set()
        before = None if self._scenarios is None else {one.name for one in self._scenarios}
        concerned = [
            one
            for one in scenarios
            if before is None or one.name not in before or self._changed & set(map(_absolute, one.files))
        ]
        self._scenarios = scenarios
        self._stamps |= {
            file: stamp for file, stamp in _stamps(self._files()).items() if file not in self._stamps
        }
        self._session.forget({one.name for one in scenarios})
        changed, self._changed = self._changed, set()
        if concerned:
            self._play(concerned, changed)
        elif changed:
            self._session.measure()  # the exceptions may be others

    def _play(self, concerned: Sequence[Scenario], changed: set[Path]) -> None:
        console = self._session.console
        if changed:
            names = ", ".join(map(shown_path, sorted(changed)))
            console.print(Text(f"\n{names} changed", "bold"))
        self._session.play(concerned)
        console.print(Text(f"Watching {len(self._stamps)} files; ctrl-C ends it", "dim"))

    def _tell(self, error: ScenarioError) -> None:
        problems = [str(problem) for problem in error.problems]
        named = {_absolute(Path(one.file)) for one in error.problems if one.file}
        self._wrong = {file for file in named if not file.is_dir()}
        self._stamps = _stamps(self._wrong - set(self._stamps)) | self._stamps
        if problems != self._told:
            self._told = problems
            for line in problems:
                self._session.console.print(Text(line, "red"), soft_wrap=True)

    def _files(self) -> set[Path]:
        """All that may concern a scenario: what was named, what is in folders that were, what they use."""
        files = {_absolute(file) for one in self._scenarios or () for file in one.files} | self._wrong
        for path in map(Path, self._session.request.paths):
            files |= {_absolute(one) for one in (_yaml_below(path) if path.is_dir() else [path])}
        return files


def _stamps(files: Iterable[Path]) -> Stamps:
    """When each was written and how long it is; None where there is none."""
    found: Stamps = {}
    for file in files:
        try:
            status = file.stat()
            found[file] = status.st_mtime_ns, status.st_size
        except OSError:
            found[file] = None
    return found


def _yaml_below(folder: Path) -> Iterator[Path]:
    for below in _folders_below(folder):
        yield from (file for file in _inside(below) if file.suffix in _SUFFIXES)


def _folders_below(folder: Path) -> Iterator[Path]:
    """The folder and those in it, however deep, but hidden ones."""
    yield folder
    for inner in _inside(folder):
        if inner.is_dir() and not inner.name.startswith(".") and not inner.is_symlink():
            yield from _folders_below(inner)


def _inside(folder: Path) -> list[Path]:
    """What is in a folder; nothing if it was taken away a moment ago."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _absolute(path: Path) -> Path:
    return path.absolute()
