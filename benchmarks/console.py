"""`python -m benchmarks.console FOLDER [--subjects N] [--part P…]`: the console among a million subjects.

FOLDER keeps a PostgreSQL with its population, which is filled once (ten minutes for a million). One process
of the API serves it, and one worker. Measured are its pages over HTTP and in Chromium, how soon another
browser shows a change, eight tabs, and two hundred agents; what is found is printed as tables in Markdown.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter, sleep, time

import httpx
from playwright.sync_api import Browser, sync_playwright
from rich.progress import Progress

from benchmarks.console_changes import Agent, Streams, is_live, looking_on, waits
from benchmarks.console_house import House, kept_house
from benchmarks.console_population import ALERTED
from benchmarks.console_views import View, first_view, page_of
from benchmarks.figures import quantile
from benchmarks.session import open_session
from benchmarks.stack import Api, installed
from workflow.access import people, sessions
from workflow.access.role import OF_PEOPLE, Role
from workflow.access.sessions import Limits
from workflow.store import open_store

PARTS = ("pages", "views", "changes", "tabs", "agents")
_ASKED, _VIEWS, _CALLS, _AGENTS, _QUIET = 60, 3, 25, 200, 15.0
_CHROMIUM = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Desk:
    """What is measured: its API, its database, tokens of people who have signed in, subjects in all."""

    api: Api
    house: House
    everybody: str
    agents: Sequence[str]

    def paths(self, random: Random) -> Mapping[str, str]:
        """The fourteen pages, each about something else from time to time."""
        last = self.house.filled.subjects // 10
        case = random.choice(
            (f"E-{1 + 9 * random.randrange(last // 2)}", f"B-{random.randrange(last // 50)}")
        )
        number = random.randrange(last)
        words = (
            "promise:B-" + str(number),
            "A-" + f"{number:07}",
            f"agent{number % 200}",
            f"part-{number % 40}",
        )
        return {
            "/sign-in": "/sign-in",
            "/": "/",
            "/line": "/line",
            "/work/{key}": f"/work/callback:B-{random.randrange(max(1, last // 200))}",
            "/cases/{n}": f"/cases/{case}",
            "/search": f"/search?q={random.choice(words)}",
            "/promises": random.choice(
                ("/promises", "/promises?standing=lapsed", "/promises?standing=at_risk")
            ),
            "/decisions": "/decisions",
            "/duty": random.choice(("/duty", "/duty/support")),
            "/barometer": "/barometer",
            "/alerts": random.choice(("/alerts", f"/v1/alerts/case:{random.choice(ALERTED)}/1")),
            "/operate": "/operate",
            "/lifecycles/{name}": random.choice(("/lifecycles/promise", "/lifecycles/case")),
            "/admin/integrate": "/admin/integrate",
            "/admin/people": "/admin/people",
            "/admin/me": "/admin/me",
        }

    def token_for(self, page: str) -> str | None:
        """Who looks at it: at the page for signing in, nobody who has."""
        return None if page == "/sign-in" else self.everybody


def main(arguments: list[str] | None = None) -> None:
    """Fill what is not filled, measure, and print tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.console", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where its database is kept")
    parser.add_argument("--subjects", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this; all by default")
    parser.add_argument("--trial", action="store_true", help="once each: whether it works, and no figures")
    given = parser.parse_args(arguments)
    parts = given.part or PARTS
    with (
        Progress() as progress,
        open_session(1, quick=given.trial, progress=progress) as session,
        kept_house(given.folder, given.subjects) as house,
        installed(
            session, house.url, (), MAKEGOOD_SESSION_IDLE="P30D", MAKEGOOD_SESSION_LENGTH="P60D",
            MAKEGOOD_CHANGE_STREAMS="400", MAKEGOOD_FAILED_KEYS_PER_MINUTE="0",
        ) as stack,
    ):  # fmt: skip
        api = stack.start_api()
        stack.start_worker(1)
        stack.wait_for_workers(1)
        everybody, *agents = _signed_in(house.url, 2 if given.trial else _AGENTS)
        desk = Desk(api, house, everybody, agents)
        load = os.getloadavg()[0]
        print(
            f"{house.filled.subjects:,} subjects, {house.filled.open_promises:,} open promises, PostgreSQL,"
            f" one API process, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load average {load:.1f}\n"
        )
        if "pages" in parts:
            _print_pages(desk, 3 if given.trial else _ASKED)
        if set(parts) - {"pages"}:
            with _chromium() as browser:
                if "views" in parts:
                    _print_views(browser, desk, 1 if given.trial else _VIEWS)
                calls = 2 if given.trial else _CALLS
                if "changes" in parts:
                    _print_changes(browser, desk, 1, calls)
                if "tabs" in parts:
                    _print_changes(browser, desk, 8, calls)
                if "agents" in parts:
                    _print_agents(browser, desk, calls)


def _signed_in(url: str, agents: int) -> list[str]:
    """Tokens of one who may see everything, and of so many agents; all of them new."""
    now, run = datetime.now(UTC), int(time())
    limits = Limits(timedelta(days=30), timedelta(days=60))
    found = []
    with closing(open_store(url, patient=True)) as store:
        for number in range(agents + 1):
            roles = OF_PEOPLE if number == 0 else (Role.AGENT,)
            person = people.add(
                store, people.checked(f"p{number}-{run}@desk.example", "Somebody", roles, now)
            )
            with store.begin() as transaction:
                found.append(sessions.begin(transaction, person, now, limits, "127.0.0.1", "a browser")[1])
    return found


@contextmanager
def _chromium() -> Iterator[Browser]:
    found = shutil.which("chromium")
    if found is None:
        raise SystemExit("chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(_CHROMIUM))
        yield browser
        browser.close()


def _print_pages(desk: Desk, times: int) -> None:
    print("| page | HTML, bytes compressed | first byte, p50 ms | p95 | CPU of the API, ms |")
    print("|---|---:|---:|---:|---:|")
    random = Random(7)
    headers = {"Accept": "text/html", "Accept-Encoding": "gzip"}
    with httpx.Client(base_url=desk.api.url, timeout=60, headers=headers) as http:
        for page in desk.paths(random):
            token = desk.token_for(page)
            http.cookies.clear()
            if token is not None:
                http.cookies.set("makegood", token, domain="127.0.0.1")
            for _ in range(3):
                _asked(http, desk.paths(random)[page])
            before = desk.api.cpu_seconds()
            some = [_asked(http, desk.paths(random)[page]) for _ in range(times)]
            cpu = 1000 * (desk.api.cpu_seconds() - before) / times
            took, sizes = sorted(one[0] for one in some), [one[1] for one in some]
            shown = " | ".join(f"{quantile(took, share):.0f}" for share in (0.5, 0.95))
            print(f"| `{page}` | {max(sizes):,} | {shown} | {cpu:.1f} |")
    print(flush=True)


def _asked(http: httpx.Client, path: str) -> tuple[float, int]:
    """Milliseconds until the head of the answer is there, and bytes of its body, compressed."""
    begun = perf_counter()
    with http.stream("GET", path) as answer:
        took = 1000 * (perf_counter() - begun)
        raw = b"".join(answer.iter_raw())
    if answer.status_code != 200:
        raise SystemExit(f"{path} answers {answer.status_code}")
    return took, len(raw) if "content-encoding" in answer.headers else len(gzip.compress(raw, 6))


def _print_views(browser: Browser, desk: Desk, times: int) -> None:
    print(
        "| page | HTML, bytes | first view, bytes | requests | layout shift | largest paint, slow network, ms"
        " | slowest answer to a key, ms |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|")
    for page, path in desk.paths(Random(5)).items():
        one: View = first_view(browser, desk.api.url, desk.token_for(page), path, times)
        weights = f"{one.html:,} | {one.all:,} | {one.requests} | {one.moved:.3f}"
        print(f"| `{page}` | {weights} | {one.painted:.0f} | {one.waited:.0f} |", flush=True)
    print()


def _print_changes(browser: Browser, desk: Desk, tabs: int, calls: int) -> None:
    pages = looking_on(browser, desk.api.url, desk.agents[0], tabs)
    agent = _agent(browser, desk, 1)
    for _ in range(calls):
        agent.take_and_tell()
    took = sorted(waits(pages, agent.taken, desk.house.conninfo))
    what = "another browser" if tabs == 1 else f"the last of {tabs} tabs of another browser"
    _tell(f"from the commit of a claim to {what}", took)
    pages[0].context.close()
    agent.page.context.close()


def _print_agents(browser: Browser, desk: Desk, calls: int) -> None:
    """Two hundred streams, a browser among them, and one who takes calls."""
    streams = Streams(desk.api.url, desk.agents)
    pages = looking_on(browser, desk.api.url, desk.everybody, 1)
    agent = _agent(browser, desk, 1)
    length = _QUIET + calls * 6.0
    thread = threading.Thread(target=lambda: asyncio.run(streams.follow(length)), daemon=True)
    thread.start()
    while streams.open < len(desk.agents):
        sleep(0.2)
    idle = desk.api.cpu_seconds()
    agent.page.wait_for_timeout(1000 * _QUIET)
    begun, before = perf_counter(), desk.api.cpu_seconds()
    for _ in range(calls):
        agent.take_and_tell()
    lasted, used = perf_counter() - begun, desk.api.cpu_seconds() - before
    told = f"{len(desk.agents)} streams"
    _tell(
        f"from the commit of a claim to the hint in each of {told}",
        sorted(streams.waits(agent.taken, desk.house.conninfo)),
    )
    _tell(
        f"from the commit of a claim to another browser, beside {told}",
        sorted(waits(pages, agent.taken, desk.house.conninfo)),
    )
    still, busy = 100 * (before - idle) / _QUIET, 100 * used / lasted
    print(
        f"CPU of the API with {told}: {still:.1f} % of a core while nothing changes, {busy:.1f} % at"
        f" {len(agent.taken) / lasted:.2f} calls a second, each taken and told\n"
    )


def _agent(browser: Browser, desk: Desk, number: int) -> Agent:
    page = page_of(browser, desk.api.url, desk.agents[number])
    page.goto(f"{desk.api.url}/line?kind=callback")
    is_live(page)
    return Agent(page)


def _tell(what: str, took: Sequence[float]) -> None:
    half, most = quantile(took, 0.5), quantile(took, 0.95)
    print(
        f"{what}: {half:.0f} ms (median), {most:.0f} ms (95 %), {max(took):.0f} ms (slowest) of"
        f" {len(took)}\n",
        flush=True,
    )


if __name__ == "__main__":
    main()
