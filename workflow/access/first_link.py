"""The link by which an installation is set up: there is one for as long as nobody can sign in to it."""

from __future__ import annotations

from workflow.access import invitations, people
from workflow.clock import clock_from, real_time
from workflow.settings import Settings
from workflow.store import open_store


def first_link(settings: Settings, base: str) -> str | None:
    """A new link for whoever is the first, under the address `base`; None where there are people already.

    Links that were made before it do not work any more.
    """
    store = open_store(settings.database)
    try:
        if people.anybody(store):
            return None
        now = real_time(clock_from(settings.clock)).now()
        return f"{base}{invitations.PATH}{invitations.invite(store, None, now)}"
    finally:
        store.close()
