"""A lifecycle in the browser, checked, drawn, tested and replayed: ``/admin/integrate/lifecycle``."""

from __future__ import annotations

import base64
import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.errors import Problem
from workflow.api.browser import BrowserOperator, OperatorsLongForm
from workflow.api.http.late_routes import LateRouter
from workflow.console import trial
from workflow.console.integrate_pages import PLACE as ABOVE
from workflow.console.rendering import page
from workflow.console.trial import Definition, Trial, TrialBusy

router = LateRouter(include_in_schema=False)
PLACE = f"{ABOVE}/lifecycle"
_NEEDED = {"check": (), "draw": (), "test": ("scenario",), "replay": ("log", "map")}
_EXAMPLE = Path(__file__).with_name("trial_example")
_EXAMPLES = {
    "definition": "lifecycle.yaml", "scenario": "scenario.yaml", "log": "log.csv", "map": "map.yaml"
}  # fmt: skip
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


@router.get(PLACE)
def trial_page(request: Request, _: BrowserOperator, example: bool = False) -> Response:
    """A field for a definition, for a scenario, for a log and its map; with an example in each, if asked."""
    return _shown(request, _example() if example else {}, [], None, "")


@router.post(PLACE)
async def try_lifecycle(request: Request, _: BrowserOperator, said: OperatorsLongForm) -> Response:
    """Run one of our commands over what was written. Nothing of it is kept, and nothing here is changed."""
    return await run_in_threadpool(_tried, request, said)


@cache
def _example() -> dict[str, str]:
    """A lifecycle with all by which it can be tried."""
    return {name: (_EXAMPLE / file).read_text(encoding="utf-8") for name, file in _EXAMPLES.items()}


def _tried(request: Request, said: dict[str, str]) -> Response:
    what = said.get("what", "check")
    needed = ("definition", *_NEEDED.get(what, ()))
    problems = [
        Problem(one, "required", "this is missing") for one in needed if not said.get(one, "").strip()
    ]
    if what not in _NEEDED or problems:
        return _shown(request, said, problems, None, what, 422)
    try:
        found = _run(what, said)
    except TrialBusy:
        busy = Problem("definition", "busy", "Others try something just now: try again in a moment.")
        return _shown(request, said, [busy], None, what, 429)
    return _shown(request, said, [], found, what)


def _run(what: str, said: dict[str, str]) -> Trial:
    definition = Definition(said["definition"], said.get("words", ""))
    match what:
        case "draw":
            return trial.draw(definition)
        case "test":
            return trial.test(definition, said["scenario"])
        case "replay":
            return trial.replay(definition, said["log"], said["map"])
        case _:
            return trial.check(definition)


def _shown(
    request: Request,
    said: dict[str, str],
    problems: list[Problem],
    found: Trial | None,
    what: str,
    status: int = 200,
) -> Response:
    drawn = found is not None and found.well and what == "draw"
    answer = page(
        request,
        "trial.html",
        status=status,
        said=said,
        problems=problems,
        found=found,
        what=what,
        drawing=found.text if drawn and found else "",
    )
    if drawn and found is not None:  # its own style, by its digest, and no other
        styles = " ".join(f"'sha256-{_digest(style)}'" for style in _STYLE.findall(found.text))
        policy = answer.headers["Content-Security-Policy"]
        answer.headers["Content-Security-Policy"] = policy.replace(
            "style-src 'self'", f"style-src 'self' {styles}"
        )
    return answer


def _digest(style: str) -> str:
    return base64.b64encode(sha256(style.encode()).digest()).decode()
