"""Settings: the environment variables `MAKEGOOD_*`, read here and nowhere else.

One frozen `Settings` is read by each process as it starts and handed inward; nothing below reads the
environment again. `docs/settings.md` lists every variable and is generated from the fields below.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from state_machines.values.durations import parse_duration
from state_machines.values.instants import zone
from state_machines.values.time_errors import TimeError
from workflow.clock import SANDBOX, clock_from
from workflow.errors import SettingsError

PREFIX = "MAKEGOOD_"
DATABASE_FILE = "makegood.db"
NOTHING_LEAVES: Mapping[str, Any] = {
    "channel": "recording",
    "twilio_account_sid": None,
    "apprise_chat": None,
    "apprise_social": None,
    "apprise_services": "",
    "webhook_secret": None,
    "push_contact": None,
    "channel_options": None,
}
"""The settings by which channels reach the world, as they are where all notices are recorded."""


def sqlite_url(file: Path) -> str:
    """The SQLAlchemy URL of an SQLite file, whatever its folders are called: a URL has signs of its own."""
    return "sqlite:///" + str(file).replace("%", "%25").replace("?", "%3F")


class Settings(BaseSettings):
    """Everything an installation can decide, with defaults that run the whole system on one machine.

    A field `some_name` is the environment variable `MAKEGOOD_SOME_NAME`; an empty variable counts as unset.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore", validate_default=True
    )

    database_url: str | None = Field(
        default=None,
        repr=False,
        description="SQLAlchemy URL of the store: `postgresql://…` or `sqlite:///…`. "
        "Unset: an SQLite file in the data directory.",
    )
    rehearsal_database_url: str | None = Field(
        default=None,
        repr=False,
        description="Where what test keys send is decided and kept "
        "([rehearsal](rehearsal.md)); another database than that of what is real. "
        "[default: `rehearsal-` before the name of the SQLite file, the schema `makegood_rehearsal` of the "
        "PostgreSQL database]",
    )
    rehearsal_days: int = Field(
        default=30,
        ge=1,
        le=3_650,
        description="Days after the first event in it at which a rehearsal is emptied: all that test keys "
        "sent, and what followed; the keys stay.",
    )
    broker_url: str | None = Field(
        default=None,
        repr=False,
        description="Celery broker: `redis://…`, `rediss://…` (Redis or Valkey), "
        "`sentinel://…;sentinel://…` or `amqp://…` (RabbitMQ). "
        "Unset: `makegood up` embeds a Valkey, and other commands find it through the data directory.",
    )
    broker_master: str | None = Field(
        default=None,
        description="Over Redis Sentinel: the name by which the sentinels know the master.",
    )
    data_dir: Path = Field(
        default=Path(".makegood"),
        description="Directory of everything an installation keeps on this machine: SQLite file, logs, "
        "generated password. Created with mode 0700 when missing.",
    )
    lifecycles: Path | None = Field(
        default=None,
        description="Directory of your own lifecycle definitions (`*.yaml`), read beside the catalog.",
    )
    routes: Path | None = Field(
        default=None,
        description="Directory of your own [routes in](routes-in.md) (`*.yaml`), beside those that ship.",
    )
    route_secrets: SecretStr | None = Field(
        default=None,
        description="The secrets of routes in, as JSON: an object by route, each a text, a list of texts "
        '(an old and a new one) or `file:` and a path: `{"zendesk": "file:/run/secrets/zendesk"}`. A route '
        "that is not named here takes nothing.",
    )
    route_bytes: int = Field(
        default=1024 * 1024,
        ge=1024,
        le=64 * 1024 * 1024,
        description="Bytes that a webhook of a route may have.",
    )
    mail_bytes: int = Field(
        default=16 * 1024 * 1024,
        ge=1024,
        le=64 * 1024 * 1024,
        description="Bytes that a mail which is posted to a route may have, with what hangs on it.",
    )
    unmapped_bytes: int = Field(
        default=256 * 1024 * 1024,
        ge=1024,
        description="Bytes of messages of routes that are kept to be looked at, all together; while there is "
        "no room, another that no route can map is answered 429, so that its sender tries again.",
    )
    unmapped_days: int = Field(
        default=90, ge=1, description="Days for which they are kept, and for which what became of them is."
    )
    api_host: str = Field(default="127.0.0.1", description="Address on which the API listens.")
    api_port: int = Field(default=8080, ge=0, le=65535, description="Port of the API; 0 picks a free one.")
    api_processes: int = Field(
        default=1,
        ge=1,
        le=256,
        description="Processes that serve the API behind its one port, unless `--processes` says otherwise.",
    )
    job_tasks: str = Field(
        default="",
        description="Tasks that an event may name, as `job.schedule` does, with commas between: "
        "`billing.refund@billing`, `reports.*`. Empty: none. Those that a lifecycle itself names need not be "
        "here; makegood's own can never be.",
    )
    audit_days: int = Field(
        default=180,
        ge=1,
        description="Days for which the audit log is kept: who read what, who was refused, what was done to "
        "keys.",
    )
    max_undecided: int = Field(
        default=100_000,
        ge=1,
        description="Accepted events that may wait to be decided. While more do, the API answers 429 with "
        "`Retry-After`.",
    )
    max_connections: int = Field(
        default=2_048,
        ge=1,
        description="Connections that one API process holds at once; beyond, 503 and closed. Fewer where the "
        "process may not open so many files (`ulimit -n`, less 128).",
    )
    max_connections_per_address: int = Field(
        default=1_024,
        ge=0,
        description="How many of them may come from one address (of IPv6: from one /64); 0: all of them: "
        "behind a proxy they come from its address.",
    )
    change_streams: int = Field(
        default=256,
        ge=0,
        description="Streams of changes (`GET /v1/changes/stream`) that one API process keeps open at once; "
        "beyond, 429. Each is a connection for as long as it is followed.",
    )
    subscription_networks: str = Field(
        default="",
        description="Networks to whose addresses changes may be sent although they are not public, with "
        "commas between: `10.1.0.0/16, fd00::/8`. There, `http://` will do as well. Empty: none.",
    )
    push_contact: str | None = Field(
        default=None,
        pattern=r"^(mailto:[^\s@]+@[^\s@]+|https://\S+)$",
        description="Whom push services of browsers may turn to about our messages: "
        "`mailto:ops@shop.example`, or a page (RFC 8292). Unset: no bell rings while no page is open, and "
        "nothing goes to push services ([howto](howto/notifications.md)).",
    )
    push_networks: str = Field(
        default="",
        description="Networks to whose addresses pushes may be sent although they are not public, as where "
        "there is a push service of one's own: `10.1.0.0/16, fd00::/8`. There, `http://` will do as well. "
        "Empty: none.",
    )
    subscription_seconds: float = Field(
        default=15.0,
        gt=0,
        le=60,
        description="Seconds that a subscription's receiver has to answer; else it is sent again later.",
    )
    subscription_failing_days: float = Field(
        default=3.0,
        gt=0,
        description="Days after which a subscription is disabled, and a person told, because a change does "
        "not arrive.",
    )
    subscription_attempt_days: int = Field(
        default=14,
        ge=1,
        description="Days for which attempts at sending changes are kept.",
    )
    key_rate: float = Field(
        default=0.0,
        ge=0,
        le=1_000_000,
        description="Requests a second that one API key may make of one API process on and on; beyond, 429 "
        "with `Retry-After`. 0: no bound. None fits all: a busy system may send ten thousand events in one.",
    )
    key_burst: int = Field(
        default=1_000,
        ge=1,
        le=1_000_000,
        description="Requests that it may make at once before `MAKEGOOD_KEY_RATE` holds.",
    )
    failed_keys_per_minute: int = Field(
        default=60,
        ge=0,
        le=1_000_000,
        description="Wrong API keys that one address may present to one API process in a minute; beyond, 429 "
        "without a query, except for keys that were right before. 0: no bound; see "
        "[security](security.md) for an installation behind a proxy.",
    )
    session_idle: str = Field(
        default="PT2H",
        description="For how long a session in a browser may be left unused before it ends, a duration.",
    )
    session_length: str = Field(
        default="PT12H",
        description="After which time a session in a browser ends however it is used, a duration.",
    )
    sign_on_issuer: str | None = Field(
        default=None,
        pattern=r"^(https://[^\s?#]+|http://(localhost|127\.0\.0\.1)(:\d+)?(/[^\s?#]*)?)$",
        description="The OpenID Connect provider at which people sign in "
        "([howto](howto/single-sign-on.md)), as it spells itself. Unset: passwords and passkeys alone.",
    )
    sign_on_client_id: str = Field(
        default="makegood", min_length=1, description="As what makegood is registered with that provider."
    )
    sign_on_client_secret: SecretStr | None = Field(
        default=None, description="What the provider gave it to show that it is itself."
    )
    sign_on_name: str = Field(
        default="single sign-on", min_length=1, max_length=60, description="What the provider is called."
    )
    sign_on_roles_claim: str = Field(
        default="groups",
        min_length=1,
        description="Where the provider says what somebody is: a claim, or a path such as "
        "`realm_access.roles`.",
    )
    sign_on_roles: dict[str, Literal["agent", "supervisor", "operator", "admin"]] = Field(
        default_factory=dict,
        description="JSON: the role of people by what stands in that claim, such as "
        '`{"care": "agent"}`. With it, whoever has one of these is made a person as they sign in. Empty: '
        "only who was invited signs in.",
    )
    api_url: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="Where `makegood send` finds the API. Unset: at the address on which it listens.",
    )
    api_key: SecretStr | None = Field(default=None, description="API key that `makegood send` presents.")
    flower_host: str = Field(default="127.0.0.1", description="Address on which Flower listens.")
    flower_port: int = Field(default=5555, ge=0, le=65535, description="Port of Flower; 0 picks a free one.")
    flower_url: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="Where browsers reach Flower; the console leads there. Unset: no link.",
    )
    flower_user: str = Field(
        default="makegood", min_length=1, pattern=r"^[^:,]+$", description="User name for Flower's pages."
    )
    flower_password: SecretStr | None = Field(
        default=None,
        description="Password for Flower's pages. Unset: generated once and kept in the data directory.",
    )
    worker_concurrency: int = Field(
        default=2, ge=1, description="Processes in a worker's pool, unless `--concurrency` says otherwise."
    )
    channel: Literal["recording", "smtp"] = Field(
        default="recording",
        description="Adapter that carries email notices: `recording` keeps them to be read, `smtp` sends.",
    )
    smtp_host: str = Field(default="127.0.0.1", min_length=1, description="Mail server for notices.")
    smtp_port: int = Field(default=25, ge=1, le=65535, description="Port of the mail server.")
    smtp_user: str | None = Field(default=None, description="User name at the mail server; unset: no login.")
    smtp_password: SecretStr | None = Field(default=None, description="Password at the mail server.")
    smtp_from: str = Field(
        default="makegood <makegood@localhost>", min_length=1, description="Sender of email notices."
    )
    smtp_starttls: bool = Field(
        default=False, description="Whether to require STARTTLS before anything is said to the mail server."
    )
    channel_seconds: float = Field(
        default=15.0,
        gt=0,
        le=60,
        description="How long, in seconds, a channel may take to connect and for each answer; over HTTP, for "
        "the whole exchange.",
    )
    channel_at_once: int = Field(
        default=8,
        ge=1,
        le=64,
        description="How many requests a process that sends has under way at once, over channels of HTTP. If "
        "it is killed, nobody knows what became of so many messages.",
    )
    region: str | None = Field(
        default=None,
        pattern=r"^[A-Z]{2}$",
        description="Where telephone numbers without a country are from: two letters of ISO 3166, `DE`. "
        "Unset: nobody knows, and two such numbers are the same if their digits are. The same for all "
        "processes; what was known by such a number before is not found by it after a change.",
    )
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s?#]*[^\s?#/]$",
        description="Where the world reaches the API, such as `https://care.example`, without a slash at the "
        "end. Unset: no delivery reports from Twilio, no calls by `dial`; links in notices lead to where the "
        "API listens.",
    )
    language: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        description="In which language colleagues are written to who have not said theirs, such as `de`. "
        "Unset: the one of the definition, English in the catalog.",
    )
    zone: str | None = Field(
        default=None,
        description="The zone of the house, such as `Europe/Berlin`: by its clock colleagues are told times "
        "who have not said theirs. Unset: in UTC, and it says so.",
    )
    link_secret: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Signs the links in notices. Unset: generated once and kept in the data directory; set "
        "it where workers and API run on several machines.",
    )
    twilio_account_sid: str | None = Field(
        default=None, pattern=r"^AC[0-9A-Za-z]+$", description="Twilio account; unset: no SMS and no calls."
    )
    twilio_auth_token: SecretStr | None = Field(
        default=None,
        description="Its auth token: for requests to Twilio and for the signature of Twilio's own.",
    )
    twilio_from: str | None = Field(
        default=None,
        pattern=r"^\+[1-9][0-9]{5,14}$",
        description="The number, in E.164 form, from which SMS are sent and calls are made.",
    )
    twilio_messaging_service: str | None = Field(
        default=None,
        pattern=r"^MG[0-9A-Za-z]+$",
        description="Twilio messaging service that sends SMS instead of the number.",
    )
    twilio_url: str = Field(
        default="https://api.twilio.com", pattern=r"^https?://", description="Twilio's REST API."
    )
    apprise_chat: SecretStr | None = Field(
        default=None,
        description="Apprise URL of the service that carries `chat`, with `{to}` where the recipient's "
        "`chat` belongs.",
    )
    apprise_social: SecretStr | None = Field(
        default=None, description="The same for `social`, with the recipient's `social`."
    )
    apprise_services: str = Field(
        default="",
        pattern=r"^[a-z0-9, ]*$",
        description="Apprise services, by scheme and with commas between, that a recipient's own Apprise URL "
        "may name: `slack,discord`. Empty: none may.",
    )
    webhook_secret: SecretStr | None = Field(
        default=None,
        description="Secrets `whsec_…` that sign webhooks (Standard Webhooks), spaces between; reports "
        "signed with one of them are taken. Unset: no webhooks.",
    )
    webhook_hosts: str = Field(
        default="",
        description="Origins to which webhooks may go, with commas between: `hooks.example` (HTTPS), "
        "`*.partner.example`, `http://10.0.0.7:8000`. Empty: to none.",
    )
    channel_options: SecretStr | None = Field(
        default=None,
        description="Settings of channels of your own, as JSON: an object by channel, each an object that "
        'its adapter is handed, `{"fax": {"gateway": "https://fax.example"}}`. What is named is set up.',
    )
    gather: str = Field(
        default="PT15M",
        description="For how long after a message to a colleague what else there is to tell them about the "
        "same topic is gathered, where it is of an incident or has no hour, to be told in one message "
        "([incidents](incidents.md)); `PT0S`: never.",
    )
    event_batch: int = Field(
        default=500, ge=1, le=10_000, description="Events applied in one transaction, at most."
    )
    timer_batch: int = Field(
        default=500, ge=1, le=10_000, description="Due timers claimed in one transaction, at most."
    )
    effect_batch: int = Field(
        default=200, ge=1, le=10_000, description="Effects relayed to the broker in one batch, at most."
    )
    lease_seconds: float = Field(
        default=120.0,
        gt=0,
        description="How long, in seconds, a worker may hold what it claimed before another may take "
        "it over. Must exceed the time limits of tasks.",
    )
    sweep_seconds: float = Field(
        default=5.0,
        gt=0,
        description="Pause, in seconds, between sweeps for what a lost message left behind.",
    )
    stand_by_seconds: float = Field(
        default=0.1,
        ge=0,
        le=10,
        description="How long, in seconds, a process of a worker stays after it has decided something and "
        "listens for what comes next, past the queue (Redis only; 0: never).",
    )
    max_attempts: int = Field(
        default=8,
        ge=1,
        description="Attempts at an effect before it becomes a dead letter for a person, unless its "
        "definition says otherwise (`retry`).",
    )
    key_prefix: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9_.:{}-]*$",
        description="Prefix of every key in Redis, so that installations can share one database of a server. "
        "In a [cluster](howto/redis-sentinel.md#cluster) of one shard it must hold a name in braces. "
        "Workers of other code bases that carry out our effects need the same one (Celery's "
        "`broker_transport_options={'global_keyprefix': ...}`), which is why there is none by default.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least severe level that is logged."
    )
    worker_metrics: str | None = Field(
        default=None,
        pattern=r"^\S+:\d{1,5}$",
        description="Where a worker shows Prometheus how long its tasks took: `host:port`, such as "
        "`10.0.0.11:9464`, its own for each worker of a machine. Unset: nowhere, and nothing is counted.",
    )
    access_log: bool = Field(
        default=False,
        description="One log line for each request: method, route, status, milliseconds, bytes of the "
        "answer, id of the request and the public part of the key. Else a line for those that end with 5xx "
        "alone.",
    )
    clock: str = Field(
        default="system",
        min_length=1,
        description="What time it is: `system`, or `sandbox:` and the absolute path of a file for a clock "
        "that stands still until it is moved. `makegood up --sandbox` sets it; no notice is sent then, "
        "whatever is set of channels ([sandbox](sandbox.md)).",
    )
    sandbox_patience_seconds: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        description="How long, in real seconds, a sandbox's clock waits at an instant at which something is "
        "left to be done and nothing gets on, before the advance is halted.",
    )

    @model_validator(mode="before")
    @classmethod
    def _nothing_leaves_a_sandbox(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Whatever is set: no process on a sandbox's clock has a channel to the world."""
        if str(values.get("clock", "")).startswith(SANDBOX):
            return {name: value for name, value in values.items() if name not in NOTHING_LEAVES}
        return values

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("database_url", "rehearsal_database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        """Lets people paste the URL their provider shows, and refuses a database we do not know."""
        if value is None:
            return None
        scheme, separator, rest = value.partition("://")
        if scheme in ("postgres", "postgresql"):
            return f"postgresql+psycopg://{rest}"
        if not separator or scheme not in ("postgresql+psycopg", "sqlite"):
            raise ValueError("must begin with postgresql:// or sqlite:///")
        return value

    @field_validator("broker_url")
    @classmethod
    def _known_broker(cls, value: str | None) -> str | None:
        schemes = ("redis", "rediss", "sentinel", "amqp", "amqps", "memory")
        scheme = (value or "").partition("://")[0]
        if "cluster" in scheme:
            raise ValueError(
                "must be `redis://` of a cluster of one shard: over several no queue can be spread"
            )
        if value is not None and scheme not in schemes:
            raise ValueError("must begin with one of " + ", ".join(f"{scheme}://" for scheme in schemes))
        return value

    @field_validator("broker_master")
    @classmethod
    def _master_of_sentinels(cls, value: str | None, info: ValidationInfo) -> str | None:
        """Sentinels watch over several masters, and are asked for one by its name."""
        if not value and (info.data.get("broker_url") or "").startswith("sentinel"):
            raise ValueError("must name the master that the sentinels of MAKEGOOD_BROKER_URL know")
        return value

    @field_validator("key_prefix")
    @classmethod
    def _prefix_of_redis(cls, value: str, info: ValidationInfo) -> str:
        """Over RabbitMQ it would do nothing, and two installations would take each other's messages."""
        if value and (info.data.get("broker_url") or "").startswith("amqp"):
            raise ValueError("is of Redis alone; give each installation a virtual host of RabbitMQ")
        return value

    @field_validator("subscription_networks", "push_networks")
    @classmethod
    def _known_networks(cls, value: str) -> str:
        for one in filter(None, (part.strip() for part in value.split(","))):
            ip_network(one)
        return value

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                zone(value)
            except TimeError as error:
                raise ValueError(error.message) from None
        return value

    @field_validator("clock")
    @classmethod
    def _known_clock(cls, value: str) -> str:
        clock_from(value)
        return value

    @field_validator("gather", "session_idle", "session_length")
    @classmethod
    def _length_of_time(cls, value: str) -> str:
        parse_duration(value)
        return value

    @field_validator("channel_options")
    @classmethod
    def _options_by_channel(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _read_options(value)
        return value

    @field_validator("flower_password")
    @classmethod
    def _one_password(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and "," in value.get_secret_value():
            raise ValueError("must not contain a comma, which Flower takes for the end of an account")
        return value

    @property
    def database(self) -> str:
        """The store's SQLAlchemy URL: what was set, else the SQLite file in the data directory (absolute)."""
        if self.database_url is not None:
            return self.database_url
        return sqlite_url(self.data_dir.resolve() / DATABASE_FILE)

    def options_of(self, channel: str) -> Mapping[str, Any] | None:
        """What `MAKEGOOD_CHANNEL_OPTIONS` says of a channel; None where it does not name it."""
        return None if self.channel_options is None else _read_options(self.channel_options).get(channel)

    def channels_with_options(self) -> list[str]:
        """The channels that `MAKEGOOD_CHANNEL_OPTIONS` names."""
        return [] if self.channel_options is None else list(_read_options(self.channel_options))

    @property
    def can_dial(self) -> bool:
        """Whether a colleague's phone can be made to ring, or, where nothing is sent, that is recorded."""
        if self.twilio_account_sid is None:
            return self.channel == "recording"
        return None not in (self.twilio_auth_token, self.twilio_from, self.public_url)


def _read_options(said: SecretStr) -> dict[str, dict[str, Any]]:
    """The options by channel. Raises ValueError, which quotes none of them, for what is no such JSON."""
    try:
        options = json.loads(said.get_secret_value())
    except ValueError:
        raise ValueError("must be JSON") from None
    if not isinstance(options, dict) or not all(isinstance(one, dict) for one in options.values()):
        raise ValueError("must be an object of objects, by channel")
    return options


def read_settings() -> Settings:
    """Read the environment.

    Raises SettingsError naming each wrong variable and the rule it breaks, never its value: it may be secret.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(
            f"{PREFIX}{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False, include_context=False)
        )
        raise SettingsError(wrong) from None


def as_environment(settings: Settings) -> dict[str, str]:
    """The environment variables from which another process reads the same settings; they hold the secrets.

    Paths are made absolute, so that they mean the same in any working directory.
    """
    return {
        f"{PREFIX}{name.upper()}": _text(value)
        for name in Settings.model_fields
        if (value := getattr(settings, name)) is not None
    }


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value.resolve()) if isinstance(value, Path) else str(value)


def ensure_data_dir(settings: Settings) -> Path:
    """Create the data directory if it is missing, readable by its owner alone; return it, absolute.

    Raises:
        SettingsError: it cannot be made there.
    """
    directory = settings.data_dir.resolve()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        message = f"{PREFIX}DATA_DIR: {directory} cannot be made: {error.strerror}"
        raise SettingsError(message) from error
    return directory
