"""Passwords: which are taken, how they are kept, and whether one is right.

They are kept as Argon2id hashes with the parameters that OWASP names as the least. How many are reckoned at
once is bounded: each takes 19 MiB.
"""

from __future__ import annotations

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from state_machines.errors import Problem
from workflow.errors import InvalidQuery

SHORTEST, LONGEST = 12, 256
"""Characters of a password."""
_AT_ONCE = BoundedSemaphore(4)
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_KNOWN_TO_ALL = ("password", "passwort", "makegood", "123456789", "qwertz", "qwerty", "letmein", "iloveyou")
"""What a password must not be made of alone, once digits and signs at its ends are taken off."""


def hashed(password: str, *about: str) -> str:
    """The hash to be kept of a password that somebody chose.

    Args:
        about: what is known of whose it is, such as address and name; it must not be one of these.

    Raises:
        InvalidQuery: it is too short or too long, or the first that others would try.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        message = (
            f"A password has at least {SHORTEST} characters and at most {LONGEST}; several words are best."
        )
        raise InvalidQuery([Problem("password", "length", message)])
    bare = password.casefold()
    core = bare.strip("0123456789 !?.,-_#$*")
    guessable = len(set(bare)) < 5 or core in _KNOWN_TO_ALL or bare in {one.casefold() for one in about}
    if guessable:
        message = "This password is among the first that somebody else would try."
        raise InvalidQuery([Problem("password", "guessable", message)])
    with _AT_ONCE:
        return _HASHER.hash(password)


def is_right(kept: str | None, password: str) -> bool:
    """Whether this is the password of which the hash was kept; takes as long where there is none."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(kept or _of_nobody(), password[:LONGEST]) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


@cache
def _of_nobody() -> str:
    """A hash that no password fits, so that an unknown address takes as long as a known one."""
    return _HASHER.hash("nobody has this password")
