"""Effects carried out by other people's workers: a code base that imports nothing of makegood."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.processes.brokers import each_broker_and_store
from tests.processes.installation import Installation

REFUND = """
lifecycle: refund
version: 1
title: Money back
data:
  account: {type: string, required: true, personal: true}
  amount: {type: number, required: true}
  voucher: {type: string}
  error: {type: string}
triggers:
  ask:
    data:
      account: {type: string, required: true, personal: true}
      amount: {type: number, required: true}
  paid: {data: {result: {type: object, required: true}}}
  not_paid: {data: {error: {type: string, required: true}}}
states:
  - name: asked
    on_enter:
      - task:
          name: billing.refund
          queue: billing
          args: [=data.account, "=double(data.amount) * 2.0"]
          kwargs: {reason: ='refund of ' + subject.id}
          succeeded: paid
          failed: not_paid
  - {name: paid, final: true}
  - {name: failed, final: true}
transitions:
  - trigger: ask
    source: initial
    dest: asked
    set: {account: =event.data.account, amount: =event.data.amount}
  - {trigger: paid, source: asked, dest: paid, set: "{'voucher': event.data.result.voucher}"}
  - {trigger: not_paid, source: asked, dest: failed, set: "{'error': event.data.error}"}
"""

BILLING = '''
"""A code base of its own: a Celery app as Celery's own tutorial has it, without a result backend."""
import json
import os
import sys

from celery import Celery

app = Celery("billing", broker=os.environ["BROKER"])


@app.task(name="billing.refund", bind=True)
def refund(self, account, amount, reason):
    with open("calls.jsonl", "a") as calls:
        call = {"account": account, "amount": amount, "reason": reason, "id": self.request.id,
                "effect": self.request.headers["makegood-effect"],
                "ours": [name for name in ("workflow", "tasks", "state_machines") if name in sys.modules]}
        print(json.dumps(call), file=calls)
    if amount > 1000:
        raise ValueError("too much for " + account)
    return {"voucher": "V-1"}
'''


def installed(installation: Installation) -> Path:
    """A lifecycle of the installation's own, and the other code base in a folder of its own."""
    lifecycles = installation.directory / "lifecycles"
    lifecycles.mkdir()
    (lifecycles / "refund.yaml").write_text(REFUND)
    installation.configure(lifecycles=lifecycles)
    folder = installation.directory / "elsewhere"
    folder.mkdir()
    (folder / "billing.py").write_text(BILLING)
    return folder


def calls(folder: Path) -> list[dict[str, Any]]:
    """What the other worker was asked to do."""
    path = folder / "calls.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@each_broker_and_store
def test_another_code_base_carries_out_an_effect_once_and_its_receipt_moves_the_subject(
    installation: Installation,
) -> None:
    folder = installed(installation)
    for worker in (
        installation.workers.start("--concurrency", "1"),
        installation.workers.start_foreign(folder, "billing", "billing"),
    ):
        worker.wait_ready()
    installation.send(
        installation.event("refund.ask", "refund:R-1", {"account": "ACC-7", "amount": 21}),
        installation.event("refund.ask", "refund:R-2", {"account": "ACC-8", "amount": 4000}),
    )
    installation.wait(lambda: installation.state("refund:R-1") == "paid", what="the receipt of a success")
    installation.wait(lambda: installation.state("refund:R-2") == "failed", what="that of a failure")

    log = (installation.directory / "worker-0.log").read_text()
    assert not [secret for secret in ("ACC-7", "V-1") if secret in log], "nobody is named in our log"
    assert installation.data("refund:R-1")["voucher"] == "V-1"
    assert "the task failed" in installation.data("refund:R-2")["error"]
    first, second = sorted(calls(folder), key=lambda call: call["account"])
    assert (first["account"], first["amount"], first["reason"]) == ("ACC-7", 42.0, "refund of R-1")
    assert (first["effect"], first["ours"]) == ("refund:R-1/1/0", [])
    assert second["effect"] == "refund:R-2/1/0"
    assert first["id"] != second["id"]
    paid, failed = sorted(installation.effects(), key=lambda effect: effect.key)
    assert (paid.state, paid.attempts) == ("settled", 1)
    assert paid.receipt["result"] == {"voucher": "V-1"}
    assert (failed.state, failed.attempts) == ("settled", 1)


def test_a_task_that_nobody_takes_becomes_a_dead_letter_that_says_so(
    sqlite_installation: Installation,
) -> None:
    """Without a worker on its queue there is never a receipt: sent again with the same id, then buried."""
    installed(sqlite_installation)
    sqlite_installation.configure(max_attempts=2, lease_seconds=1.0)
    sqlite_installation.workers.start("--concurrency", "1").wait_ready()
    sqlite_installation.send(
        sqlite_installation.event("refund.ask", "refund:R-1", {"account": "A", "amount": 1})
    )
    sqlite_installation.wait(
        lambda: [effect.state for effect in sqlite_installation.effects()] == ["dead"],
        what="the effect to be given up",
    )
    (effect,) = sqlite_installation.effects()
    assert "no receipt after 2 messages" in effect.error
    assert sqlite_installation.state("refund:R-1") == "asked"
