"""The PostgreSQL that is measured: fully durable, with the memory that anybody would give it."""

from __future__ import annotations

import os

_GIGABYTE = 1024**3


def memory_bytes() -> int:
    """The machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def server_settings() -> dict[str, str]:
    """A server of its own machine: checkpoints seldom, a gigabyte of buffers where there is memory for it."""
    roomy = memory_bytes() >= 6 * _GIGABYTE
    return {
        "shared_buffers": "1GB" if roomy else "256MB",
        "max_wal_size": "8GB",
        "checkpoint_timeout": "15min",
        "maintenance_work_mem": "512MB" if roomy else "64MB",
        "track_commit_timestamp": "on",  # moves are counted by the instant of their commit
    }


def server_words() -> str:
    """For the notes."""
    buffers = server_settings()["shared_buffers"]
    return (
        f"PostgreSQL from its wheel: fsync and synchronous_commit on, shared_buffers {buffers}, "
        "max_wal_size 8GB, checkpoint_timeout 15min"
    )
