"""`python -m benchmarks.sampling [--promises N] OUT.svg`: where the main job's time goes, drawn.

The worker of `promises_2p` is sampled 200 times a second while it does the job, by a sampler that is
installed beside the peers. Sampling slows it: figures come from the benchmark, shares from here.
"""

from __future__ import annotations

import argparse
import subprocess
from contextlib import ExitStack
from pathlib import Path
from signal import SIGINT
from time import sleep, time

import psutil
import psycopg
from rich.progress import Progress

from benchmarks.burst import settle
from benchmarks.flame import read, svg
from benchmarks.peers.environments import DEFAULT_DIRECTORY, interpreter
from benchmarks.progress import UNDECIDED, UNSETTLED, wait_for_none
from benchmarks.promises import PROCESSES, make_promises
from benchmarks.session import Session, open_session
from benchmarks.stack import installed

_PATIENCE = 400.0


def main(arguments: list[str] | None = None) -> None:
    """Do the main job once, sampled, and write the picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sampling", description=__doc__)
    parser.add_argument("picture", type=Path, metavar="OUT.svg", help="where to write the picture")
    parser.add_argument("--promises", type=int, default=20_000, metavar="N", help="how many promises")
    parser.add_argument("--peers-dir", type=Path, default=DEFAULT_DIRECTORY, help="where the sampler is kept")
    given = parser.parse_args(arguments)
    sampler = interpreter("sampler", given.peers_dir).with_name("py-spy")
    with Progress() as progress, open_session(3, quick=False, progress=progress) as session:
        stacks = session.place("sampled") / "stacks"
        seconds = _sampled(session, given.promises, sampler, stacks)
        words = (
            f"{given.promises:,} promises of the catalog broken at one instant, {seconds:.0f} s until all "
            f"are told and settled; one worker of {PROCESSES} processes; what ran, 200 times a second"
        )
        with stacks.open() as lines:
            given.picture.write_text(svg(read(lines), "The main job: where the worker's time goes", words))


def _sampled(session: Session, count: int, sampler: Path, stacks: Path) -> float:
    """Seconds that it took."""
    url = session.migrated("postgresql")
    name = url.rpartition("/")[2]
    with (
        installed(session, url) as stack,
        psycopg.connect(session.conninfo(name), autocommit=True) as connection,
        ExitStack() as ending,
    ):
        api = stack.start_api()
        worker = psutil.Process(stack.start_worker(PROCESSES).pid)
        stack.wait_for_workers(1)
        due = time() + max(20.0, count / 500)
        make_promises(api, stack.key(), count, due)
        wait_for_none(connection, (UNDECIDED,), due - 2)
        settle(connection)
        sleep(max(0.0, due - 1 - time()))
        argv = [str(sampler), "record", "--pid", str(worker.pid), "--subprocesses", "--rate", "200"]
        argv += ["--format", "raw", "--output", str(stacks), "--duration", f"{_PATIENCE:.0f}"]
        sampling = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ending.callback(sampling.kill)
        sleep(max(0.0, due - time()))
        done = wait_for_none(connection, UNSETTLED, due + _PATIENCE)
        sampling.send_signal(SIGINT)
        if sampling.wait(60) != 0 or not stacks.exists():
            raise RuntimeError("the sampler could not look into the worker: may this user trace processes?")
    session.drop(name)
    return done - due


if __name__ == "__main__":
    main()
