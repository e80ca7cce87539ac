"""What `makegood test` was asked for, and a session of it: scenarios read, chosen, played, and told of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from workflow.clock import SystemClock, monotonic
from workflow.scenarios.choosing import chosen, shuffled
from workflow.scenarios.coverage_exceptions import Exceptions, exceptions_in
from workflow.scenarios.junit import write_junit
from workflow.scenarios.measuring import measured, write_pictures
from workflow.scenarios.outcome import Outcome
from workflow.scenarios.progress_bar import ScenarioBar
from workflow.scenarios.reading import read_scenarios
from workflow.scenarios.report import Report
from workflow.scenarios.running import RunOptions, run
from workflow.scenarios.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for.

    Attributes:
        paths: files of scenarios and folders of them.
        run: on which store, in how many processes.
        seed: of a random order; None: in the order of the files.
        only: words of titles or files, None for all.
        tags: of which a scenario has one, none for all.
        junit: file for the results as JUnit XML.
        coverage: whether to say what no scenario took.
        coverage_json: file for that as JSON.
        coverage_svg: folder for pictures of that.
        verbose: whether the story is told of those that went well, too.
    """

    paths: tuple[Path, ...]
    run: RunOptions
    seed: int | None = None
    only: str | None = None
    tags: tuple[str, ...] = ()
    junit: Path | None = None
    coverage: bool = False
    coverage_json: Path | None = None
    coverage_svg: Path | None = None
    verbose: bool = False

    @property
    def measures(self) -> bool:
        """Whether anybody asks what no scenario took."""
        return self.coverage or self.coverage_json is not None


class Session:
    """Plays what is asked for, once or again and again; files are written of the newest outcomes."""

    def __init__(self, request: Request, console: Console) -> None:
        self.request = request
        self.console = console
        self._newest: dict[str, Outcome] = {}
        self._exceptions = Exceptions()

    def read(self) -> list[Scenario]:
        """The scenarios that are asked for, in the order in which they are played.

        Raises:
            ScenarioError: files are wrong, that of exceptions to coverage among them, or nothing is chosen.
        """
        request = self.request
        self._exceptions = exceptions_in(request.paths) if request.measures else Exceptions()
        found = chosen(read_scenarios(request.paths), request.only, request.tags)
        return found if request.seed is None else shuffled(found, request.seed)

    def play(self, scenarios: Sequence[Scenario]) -> bool:
        """Play these, tell of each as it is done, and write the files that are asked for.

        Returns whether all went well, and no exception to coverage is wrong. Raises StoreError when no store
        can be made, OSError when a file cannot be written.
        """
        request = self.request
        report = Report(self.console, verbose=request.verbose)
        began, since = SystemClock().now(), monotonic()
        with ScenarioBar(self.console, len(scenarios)) as bar:
            for outcome in run(scenarios, request.run):
                self._newest[outcome.scenario.name] = outcome
                report.tell(outcome)
                bar.advance(report.failed)
        if request.junit is not None:
            write_junit(request.junit, self._newest.values(), began)
        fits = self.measure()
        report.close(monotonic() - since, request.seed)
        return fits and report.failed == 0

    def measure(self) -> bool:
        """Say, write and draw what was not taken, if it is asked for; whether no exception is wrong."""
        request, newest = self.request, list(self._newest.values())
        fits = True
        if request.measures:
            found = measured(newest, self._exceptions)
            fits = not found.problems
            if request.coverage:
                self.console.print(found.words(), soft_wrap=True)
            if request.coverage_json is not None:
                found.write(request.coverage_json)
        if request.coverage_svg is not None:
            for file in write_pictures(request.coverage_svg, newest):
                self.console.print(Text(f"Drawn: {file}", "dim"), soft_wrap=True)
        return fits

    def forget(self, names: set[str]) -> None:
        """Leave out the outcomes of scenarios that are not there any more: all but these."""
        self._newest = {name: one for name, one in self._newest.items() if name in names}
