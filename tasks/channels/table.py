"""Which adapter carries which channel, by the settings."""

from __future__ import annotations

from collections.abc import Mapping

from tasks.channels.apprise import AppriseChannel
from tasks.channels.live import LiveChannel
from tasks.channels.port import Channel
from tasks.channels.recording import RecordingChannel
from tasks.channels.smtp import SmtpChannel
from tasks.channels.twilio_sms import TwilioSmsChannel
from tasks.channels.twilio_voice import TwilioVoiceChannel
from tasks.channels.webhook import WebhookChannel
from workflow.broker.client import Broker
from workflow.clock import Clock
from workflow.engine.runtime import Runtime
from workflow.recovery.contact.recording import recording_file
from workflow.settings import Settings, ensure_data_dir


def channels_for(runtime: Runtime, broker: Broker) -> Mapping[str, Channel]:
    """One adapter a channel; notices for a channel that is not in the table become dead letters.

    Raises SettingsError for a channel that is set up in part or wrongly.
    """
    settings = runtime.settings
    recording = RecordingChannel(recording_file(ensure_data_dir(settings)), runtime.clock)
    table: dict[str, Channel] = {}
    if settings.channel == "recording":
        # Where email is not really sent, nothing is that has not been set up on purpose.
        table |= dict.fromkeys(("email", "sms", "dial", "chat", "social", "webhook"), recording)
    table |= configured(settings, runtime.clock)
    return table | {
        "recording": recording,
        "live": LiveChannel(runtime.engine, runtime.clock, broker.wake_apply),
    }


def configured(settings: Settings, clock: Clock) -> dict[str, Channel]:
    """The adapters to the outside that the settings set up. Raises SettingsError, naming the setting."""
    table: dict[str, Channel] = {}
    if settings.channel == "smtp":
        table["email"] = SmtpChannel(settings)
    if settings.twilio_account_sid is not None:
        table["sms"] = TwilioSmsChannel(settings)
        table["dial"] = TwilioVoiceChannel(settings)
    for name, template in (("chat", settings.apprise_chat), ("social", settings.apprise_social)):
        if template is not None or settings.apprise_services.strip(" ,"):
            said = None if template is None else template.get_secret_value()
            table[name] = AppriseChannel(settings, name, said)
    if settings.webhook_secret is not None:
        table["webhook"] = WebhookChannel(settings, clock)
    return table
