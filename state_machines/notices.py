"""What a notice may be about, over which channel, and what never goes out by an automated voice."""

ABOUT = frozenset(
    {
        "answer",
        "apology",
        "approval",
        "broken_promise",
        "callback",
        "check_in",
        "displeasure",
        "ended",
        "escalation",
        "hand_over",
        "missed_appointment",
        "new_time",
        "news",
        "nudge",
        "promise",
        "question",
        "reminder",
        "survey",
        "team_news",
        "thanks",
    }
)
"""The subjects of notices."""

NEEDS_A_PERSON = frozenset({"apology", "broken_promise", "missed_appointment"})
"""What a customer must never hear from a machine's voice."""

PREFERRED = "preferred"
"""No channel of its own: whichever of their channels the customer likes best and can be reached over now."""

DIAL = "dial"
"""No channel to a customer: the phone of whoever claimed a callback rings, then the customer is connected."""

CHANNELS = frozenset({PREFERRED, "email", "sms", "chat", "social", "webhook", "live", DIAL, "recording"})
"""The ways a notice can go; on ``live`` a person calls, ``dial`` has a colleague's phone ring and then
connects the customer, ``recording`` keeps it for tests and demos."""

FOR_COLLEAGUES = frozenset(
    {
        "answer",
        "approval",
        "callback",
        "displeasure",
        "ended",
        "escalation",
        "hand_over",
        "nudge",
        "team_news",
    }
)
"""What only colleagues are told. All else is for a customer; one who could not be told needs a person."""

AUTOMATED_VOICES = frozenset(
    {
        "auto_call",
        "autodial",
        "autodialer",
        "automated_call",
        "automated_voice",
        "ivr",
        "robocall",
        "robot",
        "robot_call",
        "text_to_speech",
        "tts",
        "voice",
        "voice_message",
        "voicebot",
        "voicemail_drop",
    }
)
"""What people call a machine that speaks; none of them is a channel here."""


def refusal(about: str, channel: str) -> str | None:
    """Why a notice about this may not go over this channel, as ``rule: sentence``; None if it may.

    Rules: ``unknown-about``, ``dial-connects-people``, ``automated-voice``, ``unknown-channel``.
    """
    if about not in ABOUT:
        return (
            f"unknown-about: a notice cannot be about {about!r}; it can be about {', '.join(sorted(ABOUT))}"
        )
    if channel == DIAL and about != "callback":
        return (
            f"dial-connects-people: on the channel {DIAL!r} a colleague's phone rings, to call a customer; "
            f"it says nothing by itself, so a notice about {about!r} cannot go there"
        )
    if channel in CHANNELS:
        return None
    if about in NEEDS_A_PERSON and _folded(channel) in AUTOMATED_VOICES:
        return (
            f"automated-voice: {about.replace('_', ' ')} never goes out by an automated voice ({channel!r}); "
            "on the channel 'live' a person calls"
        )
    return f"unknown-channel: there is no channel {channel!r}; there are {', '.join(sorted(CHANNELS))}"


def _folded(channel: str) -> str:
    """One spelling for ``Robo-Call``, ``robo call`` and ``robocall``."""
    words = channel.strip().casefold().replace("-", "_").replace(" ", "_")
    return words if words in AUTOMATED_VOICES else words.replace("_", "")
