"""The tables. The ledger is `events` and `moves`: rows are added there, never changed.

What is pending stands in tables of its own, whose rows go away when the work is done: `inbox` (an
accepted event not yet decided), `timers` (the future) and, while `due_at` is set, `outbox`.

Rows of `subjects` change often and in place: no index there holds a column that a move changes, so that
PostgreSQL can update them without touching an index (heap-only tuples; docs/adr/0013-what-is-indexed.md).

There are no foreign keys: nothing is ever deleted that another row names, the engine is the only
writer, and checking them costs the hot paths a look-up a row (docs/adr/0004-no-foreign-keys.md).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    and_,
)

from workflow.store.columns import Instant, Json, Key, Terms

metadata = MetaData(
    naming_convention={
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only an INTEGER primary key

definitions = Table(
    "definitions",
    metadata,
    Column("lifecycle", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", Text, nullable=False, comment="SHA-256 of the source: a version never changes"),
    Column("source", Text, nullable=False, comment="the YAML text"),
    Column("registered_at", Instant, nullable=False),
    PrimaryKeyConstraint("lifecycle", "version"),
)

subjects = Table(
    "subjects",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Key, nullable=False),
    Column("lifecycle", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False, comment="'initial' until an event opens it"),
    Column("seq", Integer, nullable=False, comment="decisions taken about it"),
    Column("data", Json, nullable=False),
    Column("parent", Key, comment="key of the subject that opened it"),
    Column("opened_at", Instant),
    Column("changed_at", Instant),
    Column("closed_at", Instant, comment="since when it is in a final state; null while it is open"),
    UniqueConstraint("key"),
)
Index(
    "ix_subjects_open",  # the closed, most of all in time, are not in it
    subjects.c.lifecycle,
    subjects.c.id,
    sqlite_where=subjects.c.closed_at.is_(None),
    postgresql_where=subjects.c.closed_at.is_(None),
)
Index(
    "ix_subjects_parent",
    subjects.c.parent,
    sqlite_where=subjects.c.parent.is_not(None),
    postgresql_where=subjects.c.parent.is_not(None),
)

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", Key, nullable=False),
    Column("event_id", Key, nullable=False, comment="the CloudEvent's id, unique within its source"),
    Column("subject_id", Id, nullable=False),
    Column("type", Text, nullable=False),
    Column("time", Instant, nullable=False, comment="as it said; received_at where it said none"),
    Column("data", Json, nullable=False),
    Column("parent", Text, comment="for an opening event, the new subject's parent"),
    Column("received_at", Instant, nullable=False),
    Column("effect", Text, comment="idempotency key of the effect that it is the receipt of"),
    Column("actor", Text, comment="who sent it; null: makegood itself, or not known"),
    Column(
        "expected_revision", Integer, comment="the subject's as its sender has seen it; else it is refused"
    ),
    Column("request_id", Text, comment="of the request with which it came over HTTP"),
    Column("traceparent", Text, comment="W3C's traceparent of what it came from; null: nobody traces it"),
    UniqueConstraint("source", "event_id"),
    Index("ix_events_subject_id_id", "subject_id", "id"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("event_id", Id, primary_key=True, autoincrement=False),
    Column("subject_id", Id, nullable=False),
    Column("dead_at", Instant, comment="set when its decision failed; retried by hand"),
    Column("error", Text),
    Column("hops", Integer, comment="events in a row that led to it; null: none"),
    Column("deaths", SmallInteger, comment="processes that ended while they decided it; null: none"),
)
Index(
    "ix_inbox_subject_id",  # a due timer looks whether events of its subject come first
    inbox.c.subject_id,
    sqlite_where=inbox.c.dead_at.is_(None),
    postgresql_where=inbox.c.dead_at.is_(None),
)
_FROM_OUTSIDE = and_(inbox.c.dead_at.is_(None), inbox.c.hops.is_(None))
Index(
    "ix_inbox_from_outside",  # what came from outside is decided before what decisions led to
    inbox.c.event_id,
    sqlite_where=_FROM_OUTSIDE,
    postgresql_where=_FROM_OUTSIDE,
)

moves = Table(
    "moves",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subject_id", Id, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("event_id", Id, comment="the event that caused it, or null: a timer did"),
    Column("timer", Text),
    Column("setting", Integer, comment="which setting of that timer"),
    Column("due_at", Instant, comment="when that timer was due: at - due_at is its lateness"),
    Column("trigger", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("dest", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text),
    Column("version", Integer, nullable=False, comment="the definition version that decided"),
    Column("at", Instant, nullable=False, comment="the decision's now"),
    Column("team", Text, comment="which its subject is with after it; null: with none"),
    Column("traceparent", Text, comment="W3C's traceparent of the decision; null: nobody traces it"),
    UniqueConstraint("subject_id", "seq"),
)
Index(
    "ix_moves_event_id",
    moves.c.event_id,
    sqlite_where=moves.c.event_id.is_not(None),
    postgresql_where=moves.c.event_id.is_not(None),
)
Index(
    "ix_moves_refused",  # few, and listed page by page
    moves.c.id,
    sqlite_where=moves.c.outcome == "refused",
    postgresql_where=moves.c.outcome == "refused",
)

timers = Table(
    "timers",
    metadata,
    Column("subject_id", Id, nullable=False),
    Column("name", Key, nullable=False),
    Column("lifecycle", Key, nullable=False, comment="of its subject: claims take turns among lifecycles"),
    Column("setting", Integer, nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("due_at", Instant, comment="null while it is paused, and when it is dead"),
    Column("budget", BigInteger, comment="microseconds, of timers that can pause"),
    Column("pauses", Json, comment="[[from, to], ...] RFC 3339"),
    Column("dead_at", Instant, comment="set when its decision failed; retried by hand"),
    Column("error", Text),
    Column("hops", Integer, comment="events in a row that led to it; null: none"),
    Column("deaths", SmallInteger, comment="processes that ended while they decided it; null: none"),
    PrimaryKeyConstraint("subject_id", "name"),
)
Index(
    "ix_timers_lifecycle_due_at",
    timers.c.lifecycle,
    timers.c.due_at,
    timers.c.subject_id,  # these two so that ties are claimed in a fixed order without sorting
    timers.c.name,
    sqlite_where=timers.c.due_at.is_not(None),
    postgresql_where=timers.c.due_at.is_not(None),
)

for pending in (inbox, timers):  # the dead are few; counting them must not scan the living
    Index(
        f"ix_{pending.name}_dead_at",
        pending.c.dead_at,
        sqlite_where=pending.c.dead_at.is_not(None),
        postgresql_where=pending.c.dead_at.is_not(None),
    )

discards = Table(
    "discards",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subject_id", Id, nullable=False),
    Column("event_id", Id, comment="the event that is not decided any more, or null: a timer was dropped"),
    Column("timer", Text),
    Column("setting", Integer, comment="which setting of that timer"),
    Column("reason", Text, nullable=False, comment="in the words of whoever dropped it"),
    Column("error", Text, comment="why it had been a dead letter, if it was one"),
    Column("discarded_by", Text, nullable=False, comment="who dropped it"),
    Column("at", Instant, nullable=False),
    UniqueConstraint("event_id"),
    Index("ix_discards_subject_id", "subject_id"),
)

told_letters = Table(
    "told_letters",
    metadata,
    Column("letter", Key, primary_key=True, comment="a dead letter: its kind, its place and which death"),
    Column("number", Integer, nullable=False, comment="number of the escalation that told a person of it"),
    Column("told_at", Instant, nullable=False),
)
Index("ix_told_letters_told_at", told_letters.c.told_at)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subject_id", Id, nullable=False),
    Column("key", Key, nullable=False, comment="idempotency key: <subject>/<seq>/<n>"),
    Column("kind", Text, nullable=False, comment="'task' or 'notice'"),
    Column("target", Text, nullable=False, comment="the Celery task's name, or the channel"),
    Column("queue", Text),
    Column("payload", Json, nullable=False),
    Column("priority", SmallInteger, nullable=False, comment="a Priority: the lowest goes first"),
    Column("state", Text, nullable=False, comment="an EffectState"),
    Column("due_at", Instant, comment="when the relay must look again; null when settled, dead or unknown"),
    Column("attempts", Integer, nullable=False),
    Column("token", Text, comment="dispatch token of the last relay: an older message is a no-op"),
    Column("created_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Column("receipt", Json, comment="what the other side answered"),
    Column("error", Text),
    UniqueConstraint("key"),  # whose range of keys finds the effects of a subject, too
)
Index(
    "ix_outbox_priority_due_at",
    outbox.c.priority,
    outbox.c.due_at,
    sqlite_where=outbox.c.due_at.is_not(None),
    postgresql_where=outbox.c.due_at.is_not(None),
)
Index(
    "ix_outbox_open",
    outbox.c.state,
    outbox.c.id,
    sqlite_where=outbox.c.state.in_(["dead", "unknown"]),
    postgresql_where=outbox.c.state.in_(["dead", "unknown"]),
)

contacts = Table(
    "contacts",
    metadata,
    Column(
        "effect_id",
        Id,
        primary_key=True,
        autoincrement=False,
        comment="the notice; of several that went as one, the first",
    ),
    Column("customer", Key, nullable=False, comment="key of the customer's subject"),
    Column("waits", Boolean, nullable=False, comment="it has not gone out yet, and may join others"),
    Column("at", Instant, nullable=False, comment="when it went, or when it was told to wait"),
)
Index("ix_contacts_customer_at", contacts.c.customer, contacts.c.waits, contacts.c.at)

figures = Table(
    "figures",
    metadata,
    Column("subject_id", Id, primary_key=True, autoincrement=False),
    Column("lifecycle", Key, nullable=False),
    Column("at", Instant, nullable=False, comment="the instant by which a period counts it"),
    Column("outcome", Key, nullable=False, comment="how it stands, in one word"),
    Column("kind", Key),
    Column("team", Key),
    Column("cause", Key),
    Column("part", Key),
    Column("channel", Key),
    Column("case_key", Key, comment="key of the case that it belongs to"),
    Column("minutes", Integer, comment="from its opening until it was settled"),
    Column("count", Integer, comment="what its lifecycle counts, such as hand-overs"),
)
Index("ix_figures_lifecycle_at", figures.c.lifecycle, figures.c.at, figures.c.subject_id)

line = Table(
    "line",
    metadata,
    Column("subject_id", Id, primary_key=True, autoincrement=False),
    Column("lifecycle", Key, nullable=False),
    Column("at", Instant, nullable=False, comment="by which it is served: the earliest first"),
)
Index("ix_line_lifecycle_at", line.c.lifecycle, line.c.at, line.c.subject_id)

standing = Table(
    "standing",
    metadata,
    Column("subject_id", Id, primary_key=True, autoincrement=False),
    Column("lifecycle", Key, nullable=False),
    Column("state", Key, nullable=False),
    Column("is_open", Boolean, nullable=False, comment="it is in no final state"),
    Column("owner", Key, comment="who answers for it, in small letters"),
    Column("team", Key),
    Column("due_at", Instant, comment="null once it has ended"),
    Column("at_risk", Boolean, nullable=False, comment="it says so itself, and has not ended"),
)
Index("ix_standing_state", standing.c.lifecycle, standing.c.state, standing.c.subject_id)
for chosen_by, condition in (
    ("owner", standing.c.owner.is_not(None)),
    ("team", standing.c.team.is_not(None)),
    ("due_at", standing.c.due_at.is_not(None)),
):
    Index(
        f"ix_standing_{chosen_by}",
        standing.c[chosen_by],
        standing.c.subject_id,
        sqlite_where=condition,
        postgresql_where=condition,
    )
Index(
    "ix_standing_at_risk",
    standing.c.subject_id,
    sqlite_where=standing.c.at_risk,
    postgresql_where=standing.c.at_risk,
)

search_terms = Table(
    "search_terms",
    metadata,
    Column("subject_id", Id, primary_key=True, autoincrement=False),
    Column("terms", Terms, nullable=False, comment="all by which it is found"),
)

word_variants = Table(
    "word_variants",
    metadata,
    Column("variant", Key, nullable=False, comment="the word, or what it is without one of its letters"),
    Column("word", Key, nullable=False),
    PrimaryKeyConstraint("variant", "word"),
)

search_filling = Table(
    "search_filling",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False, comment="always 1: there is one row"),
    Column("form", Integer, nullable=False, comment="of the terms that are being put in"),
    Column("last", BigInteger, nullable=False, comment="row of the last subject that was put in"),
    Column("until", BigInteger, nullable=False, comment="row of the last subject there was when it began"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_key", Key, nullable=False),
    Column("version", Integer, nullable=False, comment="from 1; documented again, the old one stays"),
    Column("seq", Integer, nullable=False, comment="the case's decision that asked for it"),
    Column("title", Text, nullable=False),
    Column("cause", Key),
    Column("part", Key),
    Column("at", Instant, nullable=False, comment="when the case was documented"),
    Column("document", Json, nullable=False, comment="all that it says"),
    Column("markdown", Text, nullable=False, comment="the same, written"),
    Column("words", Text, nullable=False, comment="its words, plain letters: what is searched"),
    UniqueConstraint("case_key", "version"),
    UniqueConstraint("case_key", "seq"),
)
Index("ix_alerts_at", alerts.c.at)

keys = Table(
    "keys",
    metadata,
    Column("id", Text, primary_key=True, comment="the public part of the key"),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("digest", Text, nullable=False, comment="SHA-256 of the secret part"),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("expires_at", Instant, comment="from when it permits nothing; null: it does not end by itself"),
    Column("person", Text, comment="whose it is: an address; null: a system's"),
    Column("bounds", Json, comment="what it is limited to: sources, sends, reads, teams, authorities"),
    Column("replaces", Text, comment="the public part of the key that it was made to replace"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", Text, comment="who: system:<name>, person:<address>; null: nobody known"),
    Column("key", Text, comment="the public part of the key"),
    Column("action", Text, nullable=False, comment="a method and a route, or a command"),
    Column("target", Text, comment="what it was about: a subject's key, an id"),
    Column("outcome", Text, nullable=False, comment="done or refused"),
    Column("reason", Text, comment="the rule by which it was refused"),
    Column("address", Text, comment="from where, as the server saw it"),
    Column("request_id", Text, comment="of the request, as its answer and the logs name it"),
)
Index("ix_audit_at", audit.c.at)
Index("ix_audit_actor_id", audit.c.actor, audit.c.id)
Index("ix_audit_target_id", audit.c.target, audit.c.id)

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("address", Key, nullable=False, comment="of mail, in its one spelling: by it they are known"),
    Column("name", Text, nullable=False),
    Column("roles", Json, nullable=False, comment="agent, supervisor, operator, admin: one at least"),
    Column("teams", Json, nullable=False, comment="whose line they see; none: everybody's"),
    Column("language", Text, comment="in which pages speak to them; null: as their browser asks"),
    Column("zone", Text, comment="by whose clock they read times; null: that of the house"),
    Column("shortcuts", Boolean, nullable=False, comment="whether single keys do something on their pages"),
    Column("password", Text, comment="an Argon2id hash; null: none was chosen yet"),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant, comment="since when they may not sign in"),
    UniqueConstraint("address"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True, comment="names it where it is listed and in the audit log"),
    Column("digest", Text, nullable=False, comment="SHA-256 of the token in the browser's cookie"),
    Column("person_id", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False, comment="last used, to the minute"),
    Column("expires_at", Instant, nullable=False, comment="however often it is used"),
    Column("ended_at", Instant, comment="when somebody ended it"),
    Column("address", Text, comment="from where they signed in, as the server saw it"),
    Column("browser", Text, comment="what the browser said it is"),
    UniqueConstraint("digest"),
)
Index("ix_sessions_person_id", sessions.c.person_id)

invitations = Table(
    "invitations",
    metadata,
    Column("digest", Text, primary_key=True, comment="SHA-256 of the token in the link"),
    Column("person_id", Text, comment="who may choose a password by it; null: whoever sets this house up"),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant, comment="when it was used, or taken back: it opens nothing any more"),
)

failed_attempts = Table(
    "failed_attempts",
    metadata,
    Column("name", Text, primary_key=True, comment="SHA-256 of the address with which it was tried"),
    Column("count", Integer, nullable=False, comment="wrong passwords in a row"),
    Column("last_at", Instant, nullable=False),
)
Index("ix_failed_attempts_last_at", failed_attempts.c.last_at)

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", Key, primary_key=True, comment="as its authenticator names it, base64url"),
    Column("person_id", Text, nullable=False),
    Column("name", Text, nullable=False, comment="what its owner calls it"),
    Column("public_key", Text, nullable=False, comment="a COSE key, base64url"),
    Column("sign_count", BigInteger, nullable=False, comment="its counter when it was used last"),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant, comment="when somebody signed in by it last"),
)
Index("ix_passkeys_person_id", passkeys.c.person_id)

bells = Table(
    "bells",
    metadata,
    Column("id", Key, primary_key=True, comment="of the subject `bell:<id>`, too"),
    Column("person_id", Text, nullable=False),
    Column("session_id", Text, nullable=False, comment="with which it was asked for, or used last"),
    Column("endpoint", Text, comment="where its push service takes messages; null once it is off"),
    Column("endpoint_digest", Text, comment="SHA-256 of it: of a browser there is one"),
    Column("public_key", Text, comment="the browser's, a point of P-256, base64url"),
    Column("auth", Text, comment="the secret that it shares with us (RFC 8291), base64url"),
    Column("server_key", Text, nullable=False, comment="our public key for which it was asked, base64url"),
    Column("browser", Text, comment="what the browser said it is"),
    Column("quiet_from", Text, comment="in these hours it keeps quiet, such as 20:00"),
    Column("quiet_to", Text),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False, comment="when its browser last said that it wants it"),
    Column("taken_at", Instant, comment="when its push service last took a message"),
    Column("heard", Json, nullable=False, comment="who waits and was acknowledged, or waited before"),
    Column("told", Boolean, nullable=False, comment="whether its subject was told that somebody waits"),
    Column(
        "version",
        BigInteger,
        nullable=False,
        comment="how often it was written: names what its subject is told",
    ),
    Column("ended_at", Instant, comment="when it was switched off; its subject hears of it, and it is gone"),
    Column("reason", Text, comment="why"),
    UniqueConstraint("endpoint_digest"),
)
Index("ix_bells_person_id", bells.c.person_id)
Index("ix_bells_session_id", bells.c.session_id)

used_challenges = Table(
    "used_challenges",
    metadata,
    Column("digest", Text, primary_key=True, comment="SHA-256 of a challenge that was answered"),
    Column("expires_at", Instant, nullable=False, comment="from then on it is refused for its age"),
)
Index("ix_used_challenges_expires_at", used_challenges.c.expires_at)

presence = Table(
    "presence",
    metadata,
    Column("subject", Text, primary_key=True, comment="its key"),
    Column("person_id", Text, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False, comment="when their browser last said so"),
)
Index("ix_presence_seen_at", presence.c.seen_at)

identities = Table(
    "identities",
    metadata,
    Column("issuer", Key, nullable=False, comment="the identity provider, by its address"),
    Column("subject", Key, nullable=False, comment="by what it knows this person, for ever"),
    Column("person_id", Text, nullable=False),
    Column("is_mapped", Boolean, nullable=False, comment="whether it made them, and says their roles"),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("issuer", "subject"),
    UniqueConstraint("issuer", "person_id"),
)

sign_ons = Table(
    "sign_ons",
    metadata,
    Column("digest", Text, primary_key=True, comment="SHA-256 of the state that comes back"),
    Column("browser", Text, nullable=False, comment="SHA-256 of what this browser's cookie holds"),
    Column("nonce", Text, nullable=False),
    Column("verifier", Text, nullable=False, comment="of PKCE (RFC 7636)"),
    Column("path", Text, nullable=False, comment="where they are led then"),
    Column("expires_at", Instant, nullable=False),
)
Index("ix_sign_ons_expires_at", sign_ons.c.expires_at)

secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False, comment="random bits, as hexadecimal digits"),
    Column("made_at", Instant, nullable=False),
)

dead_messages = Table(
    "dead_messages",
    metadata,
    Column("id", Id, primary_key=True),
    Column("queue", Text, nullable=False, comment="the queue that it was taken from"),
    Column("received_at", Instant, nullable=False),
    Column("reason", Text, nullable=False, comment="a word for what is wrong with it"),
    Column("size", BigInteger, nullable=False, comment="bytes of its whole body"),
    Column("digest", Text, nullable=False, comment="SHA-256 of its whole body"),
    Column("body", LargeBinary, nullable=False, comment="its beginning; empty once it is discarded"),
    Column("discarded_at", Instant),
    Column("discarded_by", Text, comment="id of the key with which that was done"),
    Column("note", Text, comment="why"),
)
Index(
    "ix_dead_messages_kept",
    dead_messages.c.id,
    sqlite_where=dead_messages.c.discarded_at.is_(None),
    postgresql_where=dead_messages.c.discarded_at.is_(None),
)

dead_message_counts = Table(
    "dead_message_counts",
    metadata,
    Column("reason", Text, primary_key=True),
    Column("count", BigInteger, nullable=False, comment="since the installation exists; it only grows"),
)

purpose = Table(
    "purpose",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False, comment="always 1: there is one row"),
    Column("kind", Text, nullable=False, comment="'earnest' or 'sandbox': whose clock it has run on"),
    Column("since", Instant, nullable=False, comment="real time"),
    Column("stands_at", Instant, comment="of a sandbox: where its clock stands, or is just being moved to"),
)

advances = Table(
    "advances",
    metadata,
    Column("id", Id, primary_key=True),
    Column("status", Text, nullable=False, comment="'advancing', 'ready' or 'halted'"),
    Column("begins_at", Instant, nullable=False, comment="where the clock stood"),
    Column("target", Instant, nullable=False, comment="where it is to stand"),
    Column("stops", Integer, nullable=False, comment="instants on the way at which something was due"),
    Column("leaves_tasks", Boolean, nullable=False, comment="those of others are not waited for"),
    Column("reason", Text, comment="why it was halted"),
    Column("asked_by", Text, nullable=False, comment="who asked for it"),
)
Index(
    "ix_advances_under_way",
    advances.c.status,
    unique=True,  # there is one at a time
    sqlite_where=advances.c.status == "advancing",
    postgresql_where=advances.c.status == "advancing",
)

unmapped = Table(
    "unmapped",
    metadata,
    Column("id", Id, primary_key=True),
    Column("route", Key, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False, comment="when the same came again"),
    Column("times", Integer, nullable=False, comment="how often it has come"),
    Column("reason", Text, nullable=False, comment="a word for why it became no events"),
    Column("case_name", Text, comment="of the case of its route that fits, if one does"),
    Column("problems", Json, nullable=False, comment="field, rule and message of each"),
    Column("headers", Json, nullable=False),
    Column("query", Json, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="empty once it is settled"),
    Column("size", BigInteger, nullable=False, comment="bytes of its body"),
    Column("digest", Key, nullable=False, comment="SHA-256 of all of it"),
    Column("settled_at", Instant, comment="null while it waits"),
    Column("outcome", Text, comment="'retried' or 'discarded'"),
    Column("settled_by", Text, comment="who did that"),
    Column("note", Text, comment="why it was discarded"),
)
Index(
    "ix_unmapped_waiting",
    unmapped.c.route,
    unmapped.c.digest,
    unique=True,  # what comes again is counted
    sqlite_where=unmapped.c.settled_at.is_(None),
    postgresql_where=unmapped.c.settled_at.is_(None),
)
Index("ix_unmapped_received", unmapped.c.received_at)


subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("wanted", Json, nullable=False, comment="which changes, by the fields of a filter"),
    Column("condition", Text, comment="CEL over `change`, which must hold as well"),
    Column("secret", Text, nullable=False, comment="whsec_…: what goes out is signed with it"),
    Column("former_secret", Text, comment="what goes out is signed with this one, too"),
    Column("former_until", Instant, comment="for so long"),
    Column("status", Text, nullable=False, comment="active, paused by hand, or disabled by failure"),
    Column("reason", Text, comment="why it is disabled"),
    Column("position", Id, nullable=False, comment="the move up to which all is delivered, or is held"),
    Column("due_at", Instant, nullable=False, comment="nothing goes out before"),
    Column("retry_at", Instant, comment="when something that is held is due again"),
    Column("failures", Integer, nullable=False, comment="turns in a row in which nothing arrived"),
    Column("token", Text, comment="of the turn that is under way"),
    Column("lease_until", Instant, comment="how long that one has it to itself"),
    Column("delivered_at", Instant, comment="when something arrived last"),
    Column("told_at", Instant, comment="when a person was told that it is disabled"),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
)
Index(
    "ix_subscriptions_active",
    subscriptions.c.due_at,
    sqlite_where=subscriptions.c.status == "active",
    postgresql_where=subscriptions.c.status == "active",
)

held_changes = Table(
    "held_changes",
    metadata,
    Column("subscription_id", Text, nullable=False),
    Column("move_id", Id, nullable=False, autoincrement=False),
    Column("subject", Key, nullable=False, comment="whose later changes wait behind it"),
    Column("attempts", Integer, nullable=False),
    Column("failing_since", Instant, comment="when it first failed to arrive; null: not tried yet"),
    Column("due_at", Instant, nullable=False, comment="it is not tried before"),
    PrimaryKeyConstraint("subscription_id", "move_id"),
)

forward_attempts = Table(
    "forward_attempts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subscription_id", Text, nullable=False),
    Column("move_id", Id, nullable=False),
    Column("change", Text, nullable=False, comment="the id of the change"),
    Column("number", Integer, nullable=False, comment="which attempt at it, from 1"),
    Column("at", Instant, nullable=False),
    Column("milliseconds", Integer, nullable=False, comment="until it was answered, or given up"),
    Column("status", Integer, comment="of the answer; null: there was none"),
    Column("error", Text, comment="why there was none"),
    Column("answer", Text, nullable=False, comment="how its body begins"),
    Index("ix_forward_attempts_subscription_id_id", "subscription_id", "id"),
    Index("ix_forward_attempts_at", "at"),
)
