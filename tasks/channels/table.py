"""Which adapter carries which channel, by the settings."""

from __future__ import annotations

from collections.abc import Mapping

from tasks.channels.live import LiveChannel
from tasks.channels.port import Channel
from tasks.channels.recording import RecordingChannel
from tasks.channels.smtp import SmtpChannel
from workflow.broker import Broker
from workflow.recording import recording_file
from workflow.runtime import Runtime
from workflow.settings import ensure_data_dir


def channels_for(runtime: Runtime, broker: Broker) -> Mapping[str, Channel]:
    """One adapter a channel; notices for a channel that is not in the table become dead letters."""
    settings = runtime.settings
    recording = RecordingChannel(recording_file(ensure_data_dir(settings)), runtime.clock)
    email: Channel = SmtpChannel(settings) if settings.channel == "smtp" else recording
    table: dict[str, Channel] = {
        "recording": recording,
        "email": email,
        "live": LiveChannel(runtime.engine, runtime.clock, broker.wake_apply),
    }
    if settings.channel == "recording":
        # Where nothing is really sent, the channels to come are recorded as well.
        table |= {name: recording for name in ("sms", "chat", "social", "webhook")}
    return table
