"""A burst of more than a process may hold: those who are too many are sent away, the others are stored."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path

import psutil
from sqlalchemy import func, select

from tests.api.holding import no_commits
from tests.api.running_api import RunningApi, running_api
from workflow.api.ingest.limits import Limits
from workflow.store import schema

SENDERS = 700
BYTES = 60_000
TURNED_AWAY = SENDERS - Limits().bytes // BYTES
"""At least: headers of events come on top."""
MEMORY = 200 * 1024 * 1024


async def _send(api: RunningApi, number: int) -> tuple[int, bool]:
    """Post one large event; the status of the answer, and whether it says when to come again."""
    event = {
        "specversion": "1.0",
        "id": f"burst-{number}",
        "source": "/burst",
        "type": "promise.thanks",
        "subject": f"promise:burst-{number}",
        "data": {"more": "x" * BYTES},
    }
    body = json.dumps(event).encode()
    reader, writer = await asyncio.open_connection(api.host, api.port)
    writer.write(api.head(len(body)) + body)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    writer.close()
    return int(head.split()[1]), b"\r\nretry-after: 1\r\n" in head


async def _burst(api: RunningApi) -> tuple[list[tuple[int, bool]], int]:
    """Everybody posts while nothing can be stored; all answers, and the most memory that was seen."""
    process = psutil.Process(api.process.pid)
    with no_commits(api.store):
        senders = [asyncio.create_task(_send(api, number)) for number in range(SENDERS)]
        while sum(sender.done() for sender in senders) < TURNED_AWAY:
            await asyncio.sleep(0.05)
        memory = process.memory_info().rss
    answers = await asyncio.gather(*senders)
    return answers, max(memory, process.memory_info().rss)


def test_memory_stays_bounded_and_what_was_accepted_is_stored(database_url: str, tmp_path: Path) -> None:
    with running_api(database_url, tmp_path, 1) as api:
        assert api.post("warm").status_code == 202
        before = psutil.Process(api.process.pid).memory_info().rss
        answers, after = asyncio.run(asyncio.wait_for(_burst(api), 90))
        counted = Counter(status for status, _ in answers)
        assert set(counted) == {202, 429}
        assert counted[429] >= TURNED_AWAY
        assert all(told for status, told in answers if status == 429)
        with api.store.connect() as connection:
            stored = connection.scalar(select(func.count()).select_from(schema.events))
        assert stored == counted[202] + 1
        assert after - before < MEMORY
        assert api.post("afterwards").status_code == 202
