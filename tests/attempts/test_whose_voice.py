"""Whose voice: nobody speaks as somebody else, decides what they were not asked, or reads what is not theirs."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydantic import SecretStr

from tests.api.conftest import NOON, open_house
from tests.attempts.cast import (
    ANA,
    ANNA,
    BOSS,
    DAN,
    IVO,
    LEA,
    MIA,
    OURS,
    PREPARATIONS,
    SARA,
    THEIRS,
    furnished,
    voices_of,
)
from tests.attempts.playing import (
    READ,
    Ask,
    Attempt,
    Scene,
    by_command,
    case_act,
    desk,
    document,
    event,
    get,
    http,
    not_possible,
    over_broker,
    refused,
    table_of,
    taken,
    with_tasks,
)
from tests.waiting import wait_until
from workflow.access.audit import AuditLog, prune
from workflow.access.role import Role

MASTER = "whsec_" + b64encode(b"s" * 32).decode()
PROMISE = {"words": "We call", "owner": ANA, "within": "P9D"}
POLICY = {
    "title": "Mine", "text": "All to all", "eligible": "true", "owner": ANA,
    "grants": [{"role": "agent", "what": "refund"}],
}  # fmt: skip
REQUEST = {"words": "w", "what": "refund", "by": ANNA}
ANSWER = {"policy": "refunds", "eligible": True, "within_authority": True, "what": "refund", "amount": 99_999}
REMIND = {"task": "billing.remind", "queue": "billing"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A furnished house on each kind of database, and everybody's key."""
    directory: Path = tmp_path_factory.mktemp("voices")
    url, server = f"sqlite:///{directory / 'makegood.db'}", None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        url = server.url(name := server.create_database())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(AuditLog, "EVERY", 0.01)
        with open_house(
            url,
            broker_url="memory://",
            data_dir=directory,
            webhook_secret=SecretStr(MASTER),
            webhook_hosts=f"{OURS}, {THEIRS}",
            job_tasks="billing.*@billing",
            failed_keys_per_minute=0,
        ) as house:
            scene = Scene(house, voices_of(house.runtime.store), PREPARATIONS)
            furnished(scene)
            with with_tasks(scene):
                yield scene
    if server is not None:
        server.drop_database(name)


KEYS = [
    Attempt("crm", "its own", event("promise.make", source="/crm/eu", data=PROMISE), taken(202, "system:crm")),
    Attempt("crm", "another's source", event("promise.make", source="/erp", data=PROMISE), refused(403, "source", "not-yours")),
    Attempt("crm", "a source that begins like its own", event("promise.make", source="/crm2", data=PROMISE), refused(403, "source", "not-yours")),
    Attempt("crm", "another lifecycle", event("callback.request", source="/crm", data={"words": "w"}), refused(403, "type", "not-yours")),
    Attempt("crm", "another trigger", event("case.close", "case:seen", "/crm"), refused(403, "type", "not-yours")),
    Attempt("crm", "a promise under a stranger's call", event("promise.make", source="/crm", parent="callback:1", data=PROMISE), refused(403, "parent", "not-yours")),
    Attempt("crm", "a promise under a case", event("promise.make", source="/crm", parent="case:seen", data=PROMISE), taken(202, "system:crm")),
    Attempt("crm", "its own and another's in one batch", http("POST", "/v1/events", [document("promise.make", source="/crm", data=PROMISE), document("promise.make", "promise:b-<new>", "/erp", data=PROMISE) | {"id": "b-<new>"}], Content_Type="application/cloudevents-batch+json"), refused(403, "[1].source", "not-yours")),
    Attempt("crm", "another's source, over the broker", over_broker("promise.make", source="/erp", data=PROMISE), refused(0, "source", "not-yours")),
    Attempt("crm", "its own, over the broker", over_broker("promise.make", source="/crm", data=PROMISE), taken(202, "system:crm")),
    Attempt("crm", "its own, by command", by_command("promise.make", "promise:by-<new>", "--source", "/crm", "--data", '{"words": "w", "owner": "ana@shop.example", "within": "P1D"}'), taken(0, "system:crm")),
    Attempt("mute", "anything", event("promise.make", data=PROMISE), refused(403, "source", "not-yours")),
    Attempt("a bounded key, renewed", "what its old one might not", event("promise.make", data=PROMISE), refused(403, "source", "not-yours")),
    Attempt("a bounded key, renewed", "what its old one might", event("promise.make", source="/crm", data=PROMISE), taken(202, "system:narrow")),
    Attempt("an expired key", "an event", event("promise.make", data=PROMISE), refused(401, "authorization", "key")),
    Attempt("a revoked key", "an event", event("promise.make", data=PROMISE), refused(401, "authorization", "key")),
    Attempt("half a key", "an event", event("promise.make", data=PROMISE), refused(401, "authorization", "key")),
    Attempt("the old key, in its overlap", "an event", event("promise.make", data=PROMISE), taken(202, "system:renewed")),
    Attempt("the new key", "an event", event("promise.make", data=PROMISE), taken(202, "system:renewed")),
    Attempt("the old key, after its overlap", "an event", event("promise.make", data=PROMISE), refused(401, "authorization", "key")),
    Attempt("the old key, after its overlap", "over the broker", over_broker("promise.make", data=PROMISE), refused(0, "makegood-key", "key")),
    Attempt("nobody", "over the broker, without a key", over_broker("promise.make", data=PROMISE), refused(0, "makegood-key", "key")),
    Attempt("the desk's program", "over the broker", over_broker("promise.make", data=PROMISE), refused(0, "makegood-key", "role")),
    Attempt("ana, of the desk", "an event", event("promise.make", data=PROMISE), refused(403, "authorization", "role")),
    Attempt("sara, a supervisor", "an event", event("promise.make", data=PROMISE), refused(403, "authorization", "role")),
    Attempt("the desk's program", "an event", event("promise.make", data=PROMISE), refused(403, "authorization", "role")),
]  # fmt: skip

SPEAKING = [
    Attempt("ana, of the desk", "claims, saying nothing of who", desk("claim", "<call>", subject="<call>"), taken(200, f"person:{ANA}", by=ANA, state="claimed")),
    Attempt("ana, of the desk", "claims in capital letters", desk("claim", "<call>", subject="<call>", by=ANA.upper()), taken(200, f"person:{ANA}", state="claimed")),
    Attempt("ivo, an intern", "claims as ana", desk("claim", subject="<call>", by=ANA), refused(403, "body.by", "not-you")),
    Attempt("sara, a supervisor", "claims as ana", desk("claim", subject="<call>", by=ANA), refused(403, "body.by", "not-you")),
    Attempt("ivo, an intern", "claims as ana, by her address and his name", desk("claim", subject="<call>", by={"email": ANA, "name": "Ivo"}), refused(403, "body.by", "not-you")),
    Attempt("ivo, an intern", "says how ana's call went", desk("callbacks/<call>/outcome", outcome="reached", by=ANA), refused(403, "body.by", "not-you")),
    Attempt("ivo, an intern", "settles an escalation as ana", desk("escalations/<ladder>/outcome", outcome="resolved", by=ANA), refused(403, "body.by", "not-you")),
    Attempt("the leads' program", "claims for who is of no team of theirs", desk("claim", subject="<call>", by=IVO), refused(403, "body.by", "not-theirs")),
    Attempt("the leads' program", "settles an escalation for a stranger", desk("escalations/<ladder>/outcome", outcome="resolved", by=IVO), refused(403, "body.by", "not-theirs")),
    Attempt("the leads' program", "acts on a case for a stranger", case_act("word", words="w", by=IVO), refused(403, "body.by", "not-theirs")),
    Attempt("the leads' program", "claims for its lead", desk("claim", "<call>", subject="<call>", by=LEA), taken(200, "desk:the leads' program", by=LEA, state="claimed")),
    Attempt("the desk's program", "claims for whom it names", desk("claim", "<call>", subject="<call>", by="Emil"), taken(200, "desk:the desk's program", by="Emil", state="claimed")),
    Attempt("the desk's program", "claims for nobody", desk("claim", subject="<call>"), refused(422, "body.by", "required")),
    Attempt("a system", "claims", desk("claim", subject="<call>", by=ANA), refused(403, "authorization", "role")),
    Attempt("a system", "acts on a case", case_act("word", words="w", by=ANA), refused(403, "authorization", "role")),
    Attempt("a system", "decides an approval", desk("approvals/<approval>/decision", decision="granted", by=LEA), refused(403, "authorization", "role")),
    Attempt("ivo, an intern", "acts on a case as ana", case_act("tell_fact", fact="f", value=1, by=ANA), refused(403, "body.by", "not-you")),
    Attempt("ivo, an intern", "acts on a case in his own name", case_act("tell_fact", fact="f", value=1), taken(200, f"person:{IVO}", by=IVO)),
    Attempt("ivo, an intern", "acts on a case with lea's name beside his address", case_act("tell_fact", fact="f", value=1, by={"email": IVO, "name": "Lea Lind"}), taken(200, f"person:{IVO}", by=IVO)),
    Attempt("the leads' program", "claims for a member, with another's telephone", desk("claim", "<call>", subject="<call>", by={"email": MIA, "phone": "+49 30 4711"}), taken(200, "desk:the leads' program", by=MIA, state="claimed")),
    Attempt("ivo, an intern", "sends a case the answer of a policy", case_act("policy_answer", **ANSWER), refused(422, "path.trigger", "literal_error")),
    Attempt("ivo, an intern", "grants as supervisor", case_act("grant", policy="refunds", what="refund", amount=80, role="supervisor"), refused(403, "body.role", "authority")),
    Attempt("the desk's program", "grants as supervisor", case_act("grant", policy="refunds", what="refund", role="supervisor", by=ANA), refused(403, "body.role", "authority")),
    Attempt("sara, a supervisor", "grants as manager", case_act("grant", policy="refunds", what="refund", role="manager"), refused(403, "body.role", "authority")),
    Attempt("sara, a supervisor", "grants, saying no role", case_act("grant", policy="refunds", what="refund"), taken(200, f"person:{SARA}", by=SARA)),
    Attempt("ivo, an intern", "takes over an escalation as another", desk("claim", subject="<held_ladder>", by=LEA), refused(403, "body.by", "not-you")),
]  # fmt: skip


def _decision(place: str, by: Any = None, decision: str = "granted", **more: Any) -> Ask:
    said = {"decision": decision} | ({} if by is None else {"by": by}) | more
    return desk(f"approvals/<{place}>/decision", f"<{place}>", **said)


NOT_ASKED = refused(403, "body.by", "not-asked")
APPROVING = [
    Attempt("lea, of the team", "who was asked", _decision("approval"), taken(200, f"person:{LEA}", by=LEA, state="granted")),
    Attempt("lea, of the team", "refuses with a reason", _decision("approval", decision="refused", reason="no"), taken(200, f"person:{LEA}", by=LEA, state="refused")),
    Attempt("lea, of the team", "asked for less than she grants", _decision("approval", amount=81), not_possible(f"person:{LEA}")),
    Attempt("ivo, an intern", "who was not asked", _decision("approval"), NOT_ASKED),
    Attempt("ivo, an intern", "with a reason", _decision("approval", reason="I may"), NOT_ASKED),
    Attempt("ivo, an intern", "as lea", _decision("approval", LEA), refused(403, "body.by", "not-you")),
    Attempt("ivo, an intern", "in his mail with her name", _decision("approval", {"email": IVO, "name": "Lea Lind"}), NOT_ASKED),
    Attempt("ivo, an intern", "in his mail with the telephone that was asked", _decision("approval_of_a_phone", {"email": IVO, "phone": "+49 30 4711"}), NOT_ASKED),
    Attempt("ivo, an intern", "in his mail with the name that was asked", _decision("approval_of_a_phone", {"email": IVO, "name": "Boss"}), NOT_ASKED),
    Attempt("gus, no longer of the team", "asked while he was", _decision("approval_left"), NOT_ASKED),
    Attempt("the desk's program", "for who is no longer of the team", _decision("approval_left", "gus@shop.example"), NOT_ASKED),
    Attempt("dan, on duty", "on duty", _decision("approval_on_duty"), taken(200, f"person:{DAN}", by=DAN, state="granted")),
    Attempt("ida, off duty", "on duty until yesterday", _decision("approval_on_duty"), NOT_ASKED),
    Attempt("anna, who asks", "herself, who is of the team", _decision("approval_of_who_asks"), not_possible(f"person:{ANNA}")),
    Attempt("anna, who asks", "herself in capital letters", _decision("approval_of_who_asks", "  ANNA@Shop.Example "), not_possible(f"person:{ANNA}")),
    Attempt("anna, who asks", "herself as mailto", _decision("approval_of_who_asks", {"email": "mailto:Anna@shop.example"}), not_possible(f"person:{ANNA}")),
    Attempt("the desk's program", "for who asks, in capital letters", _decision("approval_of_who_asks", "ANNA@SHOP.EXAMPLE"), not_possible("desk:the desk's program")),
    Attempt("the desk's program", "for who asks, in full-width letters", _decision("approval_of_who_asks", "\uff41nna@shop.example"), not_possible("desk:the desk's program")),
    Attempt("the desk's program", "for who asks, by name", _decision("approval_asked_by_name", "lea  lind"), not_possible("desk:the desk's program")),
    Attempt("the desk's program", "for nobody", _decision("approval"), refused(422, "body.by", "required")),
    Attempt("the leads' program", "for a member of another team", _decision("approval_of_who_asks", ANA), refused(403, "body.by", "not-theirs")),
    Attempt("the leads' program", "for a member of its own", _decision("approval", MIA), taken(200, "desk:the leads' program", by=MIA, state="granted")),
    Attempt("ana, of the desk", "asked by name among others", _decision("approval_of_people"), taken(200, f"person:{ANA}", by=ANA, state="granted")),
    Attempt("sara, a supervisor", "without a reason", _decision("approval"), refused(403, "body.reason", "required")),
    Attempt("sara, a supervisor", "with a reason", _decision("approval", reason="nobody is there"), taken(200, f"person:{SARA}", by=SARA, state="granted")),
    Attempt("sara, a supervisor", "as lea", _decision("approval", LEA, reason="she said so"), refused(403, "body.by", "not-you")),
    Attempt("sara, a supervisor", "what she asked for herself", _decision("approval_of_sara", reason="I may"), not_possible(f"person:{SARA}")),
    Attempt("an operator", "for the asker, with a reason", _decision("approval", ANNA, reason="it is late"), not_possible("operator:an operator")),
    Attempt("boss, of the second level", "before the ladder has climbed to him", _decision("approval_of_levels"), NOT_ASKED),
    Attempt("boss, of the second level", "after a ladder of somebody's own has climbed under it", _decision("approval_hung"), NOT_ASKED),
    Attempt("boss, of the second level", "after it has", _decision("approval_climbed"), taken(200, f"person:{BOSS}", by=BOSS, state="granted")),
    Attempt("ivo, an intern", "whose ladder he has taken on", _decision("approval_taken_on"), NOT_ASKED),
    Attempt("ivo, an intern", "whose ladder he has given to himself", _decision("approval_given"), NOT_ASKED),
    Attempt("the desk's program", "for who has given its ladder to himself", _decision("approval_given", IVO), NOT_ASKED),
    Attempt("lea, of the team", "an approval that is none", _decision("case"), refused(404, "path", "not-found")),
]  # fmt: skip

FROM = refused(403, "type", "from")
SENDERS = [
    Attempt("a system", "a timer's trigger", event("job.start", "<job>"), FROM),
    Attempt("an operator", "a timer's trigger", event("job.start", "<job>"), FROM),
    Attempt("a system", "a task's trigger", event("job.task_succeeded", "<job>", data={"result": 1}), FROM),
    Attempt("a system", "a task's trigger, with its receipt", event("job.task_succeeded", "<job>", effect="<job>/2/0"), FROM),
    Attempt("a system", "a family's trigger", event("case.policy_answer", "<case>", data=ANSWER), FROM),
    Attempt("a system", "a policy's own question", event("policy.ask", "policy:refunds", data={"ask": "case:seen", "facts": {}, "role": "agent", "what": "refund"}), FROM),
    Attempt("a system", "a report", event("delivery.report", data={}), FROM),
    Attempt("a system", "the desk's grant", event("approval.grant", "<approval>", data={"by": LEA, "standing": "asked"}), FROM),
    Attempt("an operator", "the desk's grant", event("approval.grant", "<approval>", data={"by": LEA, "standing": "asked"}), FROM),
    Attempt("a system", "a wish of the desk", event("case.grant", "<case>", data={"policy": "refunds", "role": "supervisor", "what": "refund", "by": SARA}), FROM),
    Attempt("a system", "an answer of an identity", event("identity.claim", data={}), FROM),
    Attempt("a system", "a timer's trigger, over the broker", over_broker("job.start", "<job>"), refused(0, "type", "from")),
    Attempt("a system", "a family's trigger, over the broker", over_broker("case.policy_answer", "<case>", data=ANSWER), refused(0, "type", "from")),
    Attempt("a system", "the desk's grant, over the broker", over_broker("approval.grant", "<approval>", data={"by": LEA, "standing": "asked"}), refused(0, "type", "from")),
    Attempt("a system", "a task's trigger, by command", by_command("job.task_succeeded", "<job>"), refused(1, "type", "from")),
    Attempt("a system", "as the timers", event("job.start", "<job>", "/makegood/timers"), refused(422, "source", "reserved-source")),
    Attempt("a system", "as a subject", event("case.policy_answer", "<case>", "/makegood", data=ANSWER), refused(422, "source", "reserved-source")),
    Attempt("an operator", "as the desk", event("approval.grant", "<approval>", "/makegood/desk", data={"by": LEA, "standing": "asked"}), refused(422, "source", "reserved-source")),
    Attempt("a system", "as the receipts, over the broker", over_broker("job.task_succeeded", "<job>", "/makegood/receipts"), refused(0, "[0].source", "reserved-source")),
    Attempt("a system", "as the reports, by command", by_command("delivery.report", "delivery:x", "--source", "/makegood/reports"), refused(1, "source", "reserved-source")),
]  # fmt: skip

NOT_ITS = refused(403, "effect", "not-its-receipt")
EFFECTS = [
    Attempt("a system", "the receipt of a stranger's notice", event("promise.make", data=PROMISE, effect="<notice>"), NOT_ITS),
    Attempt("a system", "the receipt of a notice as its own subject", event("line.ring", data={"to": {"phone": "+15005550001"}}, effect="<notice>"), NOT_ITS),
    Attempt("a system", "the receipt of another's task", event("work.done", effect="<work>/1/0"), NOT_ITS),
    Attempt("a system", "the receipt of its task, with another trigger", event("work.tell", "<work>", effect="<work>/1/0"), NOT_ITS),
    Attempt("a system", "the receipt of its task", event("work.done", "<work>", state="finished", effect="<work>/1/0"), taken(202, "system:a system", state="finished")),
    Attempt("a system", "a receipt, over the broker", over_broker("promise.make", data=PROMISE, effect="<notice>"), refused(0, "effect", "not-its-receipt")),
    Attempt("whoever writes to the broker", "an unsigned receipt", Ask("receipt", "", "succeeded", ["paid", "<work>/1/0"]), refused(0, "message", "unsigned-receipt")),
    Attempt("whoever writes to the broker", "a forged receipt", Ask("receipt", "", "succeeded", ["paid", "<work>/1/0", "0" * 64]), refused(0, "message", "forged-receipt")),
    Attempt("whoever writes to the broker", "a forged failure", Ask("receipt", "", "failed", ["an-id", "<work>/1/0", "0" * 64]), refused(0, "message", "forged-receipt")),
]  # fmt: skip

OPERATOR = refused(403, "type", "operator")
OVERWRITING = [
    Attempt("a system", "a policy", event("policy.set", "policy:refunds", data=POLICY), OPERATOR),
    Attempt("a system", "withdraws a policy", event("policy.withdraw", "policy:refunds", data={"reason": "r"}), OPERATOR),
    Attempt("a system", "a team", event("team.set", "team:leads", data={"members": [IVO]}), OPERATOR),
    Attempt("a system", "dissolves a team", event("team.dissolve", "team:leads"), OPERATOR),
    Attempt("a system", "a rotation", event("rotation.set", "rotation:duty", data={"members": [IVO]}), OPERATOR),
    Attempt("a system", "puts itself on duty", event("rotation.override", "rotation:duty", data={"from": "2026-07-01T00:00:00Z", "to": "2026-07-02T00:00:00Z", "people": [IVO]}), OPERATOR),
    Attempt("a system", "asks for an approval", event("approval.request", data=REQUEST), OPERATOR),
    Attempt("a system", "a policy, over the broker", over_broker("policy.set", "policy:refunds", data=POLICY), refused(0, "type", "operator")),
    Attempt("crm", "a policy", event("policy.set", "policy:refunds", "/crm", data=POLICY), OPERATOR),
    Attempt("registrar", "a policy", event("policy.set", data=POLICY), taken(202, "system:registrar")),
    Attempt("registrar", "a team", event("team.set", data={"members": [ANA]}), taken(202, "system:registrar")),
    Attempt("registrar", "asks for an approval", event("approval.request", data=REQUEST), taken(202, "system:registrar")),
    Attempt("registrar", "a policy's own question", event("policy.ask", "policy:refunds", data={"ask": "case:seen", "facts": {}, "role": "agent", "what": "refund"}), FROM),
    Attempt("registrar", "a promise", event("promise.make", data=PROMISE), refused(403, "type", "not-yours")),
    Attempt("an operator", "a policy", event("policy.set", data=POLICY), taken(202, "operator:an operator")),
    Attempt("adam, an admin", "a team", event("team.set", data={"members": [ANA]}), taken(202, "person:adam@shop.example")),
    Attempt("sara, a supervisor", "a team", event("team.set", data={"members": [ANA]}), refused(403, "authorization", "role")),
]  # fmt: skip

NOT_ALLOWED = refused(422, "data.task", "task-not-allowed")
JOBS = [
    Attempt("a system", "a task that is allowed", event("job.schedule", data=REMIND), taken(202, "system:a system")),
    Attempt("an operator", "makegood's receipts", event("job.schedule", data={"task": "makegood.receipts.succeeded", "args": [1, "k"]}), NOT_ALLOWED),
    Attempt("a system", "makegood's task on an allowed queue", event("job.schedule", data={"task": "makegood.notices.send", "queue": "billing"}), NOT_ALLOWED),
    Attempt("a system", "an allowed task on makegood's queue", event("job.schedule", data=REMIND | {"queue": "makegood.soon"}), NOT_ALLOWED),
    Attempt("a system", "an allowed task on another queue", event("job.schedule", data=REMIND | {"queue": "payroll"}), NOT_ALLOWED),
    Attempt("a system", "an allowed task on the default queue", event("job.schedule", data={"task": "billing.remind"}), NOT_ALLOWED),
    Attempt("a system", "a task of others", event("job.schedule", data={"task": "payroll.pay", "queue": "billing"}), NOT_ALLOWED),
    Attempt("a system", "a task of others, over the broker", over_broker("job.schedule", data={"task": "payroll.pay"}), refused(0, "data.task", "task-not-allowed")),
]  # fmt: skip


def _report(
    effect: str, path: str = "/v1/reports/webhook", minutes_ago: int = 0, status: str = "delivered"
) -> Ask:
    return Ask(
        "webhook", "POST", path, {"effect": effect, "status": status}, {"minutes-ago": str(minutes_ago)}
    )


UNSIGNED = refused(401, "webhook-signature", "signature")
REPORTS = [
    Attempt(f"receiver {OURS}", "its own notice", _report("<notice>"), taken(202, f"receiver:{OURS}")),
    Attempt(f"receiver {OURS}", "its own notice, by its webhook-id", _report("<webhook>"), taken(202, f"receiver:{OURS}")),
    Attempt(f"receiver {THEIRS}", "another's notice", _report("<notice>", status="failed"), refused(403, "effect", "not-yours")),
    Attempt("receiver nobody.example", "with a secret that nobody has", _report("<notice>"), UNSIGNED),
    Attempt("the master secret", "with the secret that makes the others", _report("<notice>"), UNSIGNED),
    Attempt(f"receiver {OURS}", "six minutes later", _report("<notice>", minutes_ago=6), UNSIGNED),
    Attempt(f"receiver {OURS}", "six minutes ahead", _report("<notice>", minutes_ago=-6), UNSIGNED),
    Attempt(f"receiver {OURS}", "of another channel", _report("<notice>", "/v1/reports/email"), UNSIGNED),
    Attempt(f"receiver {OURS}", "what is no notice", _report("<work>/1/0"), refused(404, "path", "not-found")),
    Attempt("a system", "with a key", http("POST", "/v1/reports/webhook", {"effect": "<notice>", "status": "delivered"}), taken(202, "system:a system")),
    Attempt("crm", "with a key that may not", http("POST", "/v1/reports/webhook", {"effect": "<notice>", "status": "failed"}), refused(403, "authorization", "not-yours")),
    Attempt("ana, of the desk", "with a key of the desk", http("POST", "/v1/reports/webhook", {"effect": "<notice>", "status": "failed"}), refused(403, "authorization", "role")),
]  # fmt: skip

UNREADABLE = refused(403, "authorization", "reads")
READS = [
    Attempt("crm", "its subject", get("/v1/subjects/promise:seen"), READ),
    Attempt("crm", "another's subject", get("/v1/subjects/case:seen"), UNREADABLE),
    Attempt("crm", "another's, its colon encoded", get("/v1/subjects/case%3Aseen"), UNREADABLE),
    Attempt("crm", "another's explanation", get("/v1/subjects/case:seen/explain"), UNREADABLE),
    Attempt("crm", "another's timeline", get("/v1/subjects/case:seen/timeline"), UNREADABLE),
    Attempt("crm", "another's item", get("/v1/desk/items/callback:1"), UNREADABLE),
    Attempt("crm", "its list", get("/v1/subjects?lifecycle=promise"), READ),
    Attempt("crm", "another's list", get("/v1/subjects?lifecycle=case"), UNREADABLE),
    Attempt("crm", "the list of all", get("/v1/subjects"), refused(403, "query.lifecycle", "reads")),
    Attempt("crm", "its list and another's", get("/v1/subjects?lifecycle=promise&lifecycle=case"), refused(422, "query.lifecycle", "doubled-parameter")),
    Attempt("crm", "another's event", get("/v1/events//operator/<case_event>"), UNREADABLE),
    Attempt("crm", "effects", get("/v1/effects"), UNREADABLE),
    Attempt("crm", "dead letters", get("/v1/dead-letters"), UNREADABLE),
    Attempt("crm", "refusals", get("/v1/refusals"), UNREADABLE),
    Attempt("crm", "the barometer", get("/v1/barometer/promises"), UNREADABLE),
    Attempt("crm", "the page of the barometer", get("/barometer"), UNREADABLE),
    Attempt("crm", "a packet", get("/v1/cases/seen/packet"), UNREADABLE),
    Attempt("crm", "the alerts", get("/v1/alerts"), UNREADABLE),
    Attempt("crm", "the policy book", http("POST", "/v1/policies/search", {"facts": {}}), UNREADABLE),
    Attempt("crm", "the line", get("/v1/desk/line"), UNREADABLE),
    Attempt("mute", "a subject", get("/v1/subjects/promise:seen"), UNREADABLE),
    Attempt("ana, of the desk", "dead letters", get("/v1/dead-letters"), refused(403, "authorization", "role")),
    Attempt("sara, a supervisor", "dead letters", get("/v1/dead-letters"), READ),
    Attempt("a system", "the audit log", get("/v1/audit"), refused(403, "authorization", "role")),
    Attempt("sara, a supervisor", "the audit log", get("/v1/audit"), refused(403, "authorization", "role")),
    Attempt("the desk's program", "the audit log", get("/v1/audit"), refused(403, "authorization", "role")),
    Attempt("an operator", "the audit log", get("/v1/audit"), READ),
    Attempt("no key", "a subject", get("/v1/subjects/promise:seen"), refused(401, "authorization", "key")),
]  # fmt: skip


@table_of([*KEYS, *SPEAKING, *APPROVING, *SENDERS, *EFFECTS, *OVERWRITING, *JOBS, *REPORTS, *READS])
def test_nobody_speaks_with_anothers_voice(scene: Scene, attempt: Attempt) -> None:
    scene.observe(attempt)


class Noted(NamedTuple):
    """One row: who did what, and how the audit log tells of it."""

    who: str
    what: str
    ask: Ask
    actor: str | None
    outcome: str
    reason: str | None
    action: str


NOTED = [
    Noted("crm", "reads its own", get("/v1/subjects/promise:seen"), "system:crm", "done", None, "GET /v1/subjects/{key:path}"),
    Noted("crm", "reads another's", get("/v1/subjects/case:seen"), "system:crm", "refused", "reads", "GET /v1/subjects/{key:path}"),
    Noted("crm", "sends as another", event("promise.make", source="/erp", data=PROMISE), "system:crm", "refused", "not-yours", "POST /v1/events"),
    Noted("lea, of the team", "reads a packet", get("/v1/cases/seen/packet"), f"person:{LEA}", "done", None, "GET /v1/cases/{number:path}/packet"),
    Noted("ivo, an intern", "claims as ana", desk("claim", subject="<call>", by=ANA), f"person:{IVO}", "refused", "not-you", "POST /v1/desk/claim"),
    Noted("ivo, an intern", "decides what he was not asked", _decision("approval"), f"person:{IVO}", "refused", "not-asked", "POST /v1/desk/approvals/{number:path}/decision"),
    Noted("sara, a supervisor", "reads the audit log", get("/v1/audit"), f"person:{SARA}", "refused", "role", "GET /v1/audit"),
    Noted("an operator", "reads the audit log", get("/v1/audit"), "operator:an operator", "done", None, "GET /v1/audit"),
    Noted("a revoked key", "reads", get("/v1/subjects/promise:seen"), None, "refused", "key", "GET /v1/subjects/{key:path}"),
    Noted("the desk's program", "sends over the broker", over_broker("promise.make", data=PROMISE), "desk:the desk's program", "refused", "role", "broker makegood.events.accept"),
    Noted("nobody", "sends over the broker", over_broker("promise.make", data=PROMISE), None, "refused", "key", "broker makegood.events.accept"),
]  # fmt: skip


def _entries(scene: Scene) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    while True:
        page = scene.house.get("/v1/audit", Role.OPERATOR, limit=1000, **cursor).json()
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


@pytest.mark.parametrize("noted", [pytest.param(one, id=f"{one.who} {one.what}") for one in NOTED])
def test_who_read_and_who_was_refused_stands_in_the_audit_log(scene: Scene, noted: Noted) -> None:
    """With the operator's own key, whose looking here is not what is looked for."""
    wanted = (noted.actor, noted.outcome, noted.reason, noted.action)

    def told() -> int:
        kept = [(one["actor"], one["outcome"], one["reason"], one["action"]) for one in _entries(scene)]
        return kept.count(wanted)

    wait_until(lambda: scene.house.door.audit._waiting == [], seconds=60, what="the log to be written")
    before = told()
    scene.play(noted.who, Ask(*scene.prepared(noted.ask)))
    wait_until(lambda: told() > before, seconds=60, what=f"an entry like {wanted}")


def test_the_audit_log_ends_with_its_retention(scene: Scene) -> None:
    wait_until(lambda: bool(_entries(scene)), seconds=60, what="an entry")
    store, now = scene.house.runtime.store, scene.house.runtime.clock.now()
    assert prune(store, NOON - timedelta(days=1)) == 0
    assert prune(store, now + timedelta(seconds=1)) > 0
    scene.play("crm", get("/v1/subjects/case:seen"))
    wanted = ("system:crm", "/v1/subjects/case:seen", "reads")

    def told() -> bool:
        return wanted in [(one["actor"], one["target"], one["reason"]) for one in _entries(scene)]

    wait_until(told, seconds=60, what="the next one")


def test_who_loses_an_escalation_is_told_and_the_answer_says_from_whom(scene: Scene) -> None:
    ladder = scene.prepared("<held_ladder>")
    before = scene.house.counts()["outbox"]
    took = scene.play("lea, of the team", Ask(*scene.prepared(desk("claim", subject=ladder))))
    assert (took.status, took.body["item"]["held_by"], took.body["item"]["taken_from"]) == (200, LEA, ANA)
    assert scene.house.counts()["outbox"] == before + 2, "both are told"
    again = scene.play("lea, of the team", Ask(*scene.prepared(desk("claim", subject=ladder))))
    assert again.status == 409, "nobody prolongs their own"
