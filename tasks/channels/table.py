"""Which adapter carries which channel, by the settings. Only the adapters that are set up are imported."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Protocol, cast

from tasks.channels.port import Channel
from tasks.channels.setup import Setup
from workflow.broker.client import Broker
from workflow.clock import Clock
from workflow.engine.runtime import Runtime
from workflow.errors import SettingsError
from workflow.recovery.contact.channels import Registration, registered
from workflow.settings import Settings
from workflow.store.port import Store


class Adapter(Protocol):
    """A module that carries a channel."""

    def make(self, setup: Setup) -> Channel | None:
        """The channel, or None where it is not set up after all.

        Raises SettingsError, naming the setting and the rule, where it is set up in part or wrongly.
        """


def channels_for(runtime: Runtime, broker: Broker) -> Mapping[str, Channel]:
    """One adapter a channel; notices for a channel that is not in the table become dead letters.

    Raises SettingsError for a channel that is set up in part or wrongly.
    """
    settings, clock = runtime.settings, runtime.clock
    table: dict[str, Channel] = {}
    for one in registered().values():
        if not one.outside:
            setup = Setup(one.name, settings, clock, runtime.store, runtime.engine, broker.wake_apply)
            _add(table, one, setup)
    if settings.channel == "recording":
        # Where email is not really sent, nothing is that has not been set up on purpose.
        outside = [one.name for one in registered().values() if one.outside]
        table |= dict.fromkeys(outside, table["recording"])
    return table | configured(settings, clock, runtime.store)


def configured(settings: Settings, clock: Clock, store: Store | None = None) -> dict[str, Channel]:
    """The adapters to the outside that the settings set up. Raises SettingsError, naming the setting.

    Without a `store` those are left out that look into it for whom they reach.
    """
    for name in settings.channels_with_options():
        if name not in registered():
            known = ", ".join(registered())
            raise SettingsError(f"MAKEGOOD_CHANNEL_OPTIONS: there is no channel {name!r}; there are {known}")
    table: dict[str, Channel] = {}
    for one in registered().values():
        if one.outside:
            _add(table, one, Setup(one.name, settings, clock, store))
    return table


def _add(table: dict[str, Channel], registration: Registration, setup: Setup) -> None:
    if not registration.is_set_up(setup.settings):
        return
    made = cast(Adapter, import_module(registration.adapter)).make(setup)
    if made is not None:
        table[registration.name] = made
