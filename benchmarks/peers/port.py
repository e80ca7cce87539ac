"""The port behind which a peer stands, and the command line on which it is spoken to.

`python -m benchmarks.peers.on_NAME reset|worker|timers|paced|ingest '{"parameter": value}'`; the last line
of what it prints is its answer, as JSON.
"""

import json
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from time import sleep, time


class Port(ABC):
    """A peer, as the benchmarks use it. Numbers identify what is sent; instants are seconds since 1970."""

    def reset(self) -> None:  # noqa: B027 - a peer whose server starts empty needs nothing
        """Start from nothing: fresh tables, an empty queue."""

    @abstractmethod
    def worker(self, index: int) -> None:
        """Be a worker until terminated; `index` tells several apart."""

    @abstractmethod
    def timers(self, dues: list[tuple[int, float]]) -> None:
        """Have each number's handler run at its instant."""

    @abstractmethod
    def send(self, number: int, due: float) -> None:
        """Have the handler run now: the peer's ordinary call for one."""

    def send_many(self, numbers: range) -> None:
        """The same for many, in the peer's own way of doing that, if it has one."""
        for number in numbers:
            self.send(number, 0.0)

    def close(self) -> None:  # noqa: B027 - nor need all hold connections
        """Let go of connections."""


def speak(port: Port) -> None:
    """Carry out the command that this process was started with."""
    command, parameters = sys.argv[1], json.loads(sys.argv[2] if len(sys.argv) > 2 else "{}")
    answer = _COMMANDS[command](port, **parameters)
    print(json.dumps(answer), flush=True)
    port.close()
    sys.stdout.flush()
    os._exit(0)  # some peers keep threads that would wait for ever


def _reset(port: Port) -> dict[str, float]:
    port.reset()
    return {}


def _worker(port: Port, index: int) -> dict[str, float]:
    port.worker(index)
    return {}


def _timers(port: Port, first: int, count: int, total: int, t0: float, window: float) -> dict[str, float]:
    """`count` of `total` timers, which fall due evenly over `window` seconds from `t0`."""
    begun = time()
    port.timers([(number, t0 + window * number / total) for number in range(first, first + count)])
    return {"begun": begun, "ended": time()}


def _paced(port: Port, count: int, rate: float) -> dict[str, float]:
    """`count` single sends, `rate` a second, whether or not the last one has come through."""
    begun = time() + 0.3
    return paced(lambda number: port.send(number, time()), count, rate, begun)


def _ingest(port: Port, first: int, seconds: float, batch: int, start_at: float) -> dict[str, float]:
    """As many as go in so many seconds, `batch` at a time; 1 stands for the ordinary single call."""
    port.send(first, 0.0)  # connects
    sleep(max(0.0, start_at - time()))
    begun, done = time(), 0
    while time() - begun < seconds:
        number = first + 1 + done
        if batch == 1:
            port.send(number, 0.0)
        else:
            port.send_many(range(number, number + batch))
        done += batch
    return {"done": done, "begun": begun, "ended": time()}


def paced(send: Callable[[int], None], count: int, rate: float, begun: float) -> dict[str, float]:
    """Call `send` with 0, 1, 2, … at `rate` a second from the instant `begun`; an open loop."""
    for number in range(count):
        sleep(max(0.0, begun + number / rate - time()))
        send(number)
    return {"begun": begun, "ended": time()}


_COMMANDS: dict[str, Callable[..., dict[str, float]]] = {
    "reset": _reset,
    "worker": _worker,
    "timers": _timers,
    "paced": _paced,
    "ingest": _ingest,
}
