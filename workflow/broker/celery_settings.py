"""The settings of our Celery app and why: most follow from "SQL is the truth, the broker is transport"."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from workflow.broker import task_names
from workflow.embedded.address import embedded_url
from workflow.errors import SettingsError
from workflow.settings import Settings

_CONNECT_SECONDS = 3.0
_ANSWER_SECONDS = 15.0
_OF_REDIS = ("redis", "rediss", "sentinel")
_SOFT_SHARE, _HARD_SHARE = 0.6, 0.75
"""Of a lease: a task is stopped before what it claimed may be claimed by another."""


def broker_url(settings: Settings) -> str:
    """The broker that was set, else the one that `makegood up` embeds in the data directory.

    Raises SettingsError when there is neither.
    """
    found = settings.broker_url or embedded_url(settings.data_dir)
    if found is None:
        raise SettingsError(
            "MAKEGOOD_BROKER_URL: not set, and no broker is embedded in "
            f"{settings.data_dir} (MAKEGOOD_DATA_DIR); run `makegood up`, or set one of the two"
        )
    return found


def celery_settings(settings: Settings) -> dict[str, Any]:
    """The settings of a Celery app of ours, for workers and for clients."""
    url = broker_url(settings)
    return {
        "broker_url": url,
        "broker_transport_options": _transport_options(url, settings),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # the scheduler decides deadlines meanwhile: never give up
        # A Redis that becomes a replica, or is full, answers by errors: no reason to end. What RabbitMQ says
        # of a queue that is declared otherwise only a person can mend.
        "broker_channel_error_retry": urlsplit(url).scheme in _OF_REDIS,
        "makegood_notifications": _notification_channel(settings),
        "task_default_queue": task_names.QUEUE,
        "task_create_missing_queues": True,  # other people's queues
        # JSON only: nothing that arrives can become code.
        "accept_content": ["json"],
        "task_serializer": "json",
        "result_serializer": "json",
        "event_serializer": "json",
        # No result backend: what became of an effect stands in SQL.
        "result_backend": None,
        "task_ignore_result": True,
        # The SQL lease is the only redelivery authority: a message is gone once a worker has it.
        "task_acks_late": False,
        # CEL's library keeps some bytes of every call of a function of ours (docs/adr/0007): a pool's
        # process that has grown to this, in KiB, finishes its task and is replaced.
        "worker_max_memory_per_child": 400_000,
        "worker_prefetch_multiplier": 1,
        "task_publish_retry": False,  # a publish that failed is tried again from SQL
        "task_soft_time_limit": settings.lease_seconds * _SOFT_SHARE,
        "task_time_limit": settings.lease_seconds * _HARD_SHARE,
        "worker_soft_shutdown_timeout": 10.0,
        "worker_proc_alive_timeout": 30.0,  # a busy machine may be slow to fork
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_disable_rate_limits": True,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        # So that Flower sees tasks from the moment they are sent.
        "worker_send_task_events": True,
        "task_send_sent_event": True,
        "enable_utc": True,
        "timezone": "UTC",
    }


def _notification_channel(settings: Settings) -> str:
    """The Redis channel on which the processes that work on this very database are notified.

    A process whose settings spell the database another way uses another channel, and sends messages instead.
    """
    database = urlsplit(settings.database)
    place = f"{database.hostname}:{database.port}/{database.path.removeprefix('/')}"
    # The channel keeps its old name, so that processes of two versions notify each other.
    return f"{task_names.QUEUE}.bell.{sha256(place.encode()).hexdigest()[:12]}"


def _transport_options(url: str, settings: Settings) -> dict[str, Any]:
    """Options that find out soon that a connection is dead.

    Redis' visibility timeout stays Celery's own on purpose: all installations that use one Redis database
    share its lists of unacknowledged messages, and the shortest timeout would hold for all.
    """
    scheme = url.partition("://")[0]
    # A sender tries once more at once and then gives up: SQL retries. (0 would mean for ever.)
    at_once = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
    if scheme in _OF_REDIS:
        return {
            **_sentinel_options(scheme, settings),
            **at_once,
            "global_keyprefix": settings.key_prefix,
            "socket_connect_timeout": _CONNECT_SECONDS,
            "socket_timeout": _ANSWER_SECONDS,
            "socket_keepalive": True,
            "health_check_interval": 10,
            # Deadlines before bulk: a worker takes from the first of our queues that holds anything.
            "queue_order_strategy": "priority",
        }
    return at_once


def _sentinel_options(scheme: str, settings: Settings) -> dict[str, Any]:
    """Whom to ask the sentinels for, and how long each may take; nothing without any."""
    if scheme != "sentinel":
        return {}
    seconds = {"socket_connect_timeout": _CONNECT_SECONDS, "socket_timeout": _CONNECT_SECONDS}
    return {"master_name": settings.broker_master, "sentinel_kwargs": seconds}
