"""The words that service recovery adds to the language of lifecycles.

Functions of expressions, what notices may be about, and the channels over which they go.
"""

from __future__ import annotations

from state_machines.expressions import functions
from state_machines.expressions.functions import Function
from state_machines.notices import channels as channel_words
from state_machines.notices.topics import TOPICS, Priority, Topic
from state_machines.templates.home import HOME
from workflow.engine.waiting_line import WAITING_LINE
from workflow.recovery import searched_fields
from workflow.recovery.contact import channels
from workflow.recovery.contact.addresses import address
from workflow.recovery.contact.colleagues import card, colleagues, name_of, packet_page
from workflow.recovery.contact.customer_hours import customer_hours
from workflow.recovery.contact.hours import contact_time
from workflow.recovery.contact.html_text import html_text
from workflow.recovery.contact.identities import (
    accounts,
    contradicts,
    fingerprint,
    gathered,
    identities,
    likeness,
)
from workflow.recovery.contact.languages import both_words, in_language
from workflow.recovery.contact.machine_written import machine_written
from workflow.recovery.contact.numbers import same_number, use_region
from workflow.recovery.contact.one_person import as_one, profile_of_both, told_together
from workflow.recovery.contact.people import same_person
from workflow.recovery.contact.profile import contact_fault, particulars, refused_channels
from workflow.recovery.contact.resting import (
    address_mark,
    dead_address,
    rest_together,
    rests,
    with_rest,
    without_rest,
)
from workflow.recovery.contact.text_words import said_by_text
from workflow.recovery.contact.wishes import (
    consents_after,
    heard,
    said_since,
    told_after,
)
from workflow.recovery.desk.item import Kind, place_in_line
from workflow.recovery.house_words import house_says, house_words_in
from workflow.recovery.rotations.duty import (
    next_hand_over,
    on_duty,
    on_duty_between,
    override_fault,
    rotation_fault,
)
from workflow.recovery.rotations.ladder import (
    ladder_calendars,
    ladder_fault,
    ladder_in_hours,
    ladder_opening,
    ladder_step,
)
from workflow.recovery.windows import same_window, window_fault, windows_ahead, windows_fault
from workflow.settings import Settings

FUNCTIONS = (
    Function("contact_time", ("json", "timestamp"), "timestamp", contact_time),
    Function("address", ("json", "string"), "string", address),
    Function("same_person", ("json", "json"), "bool", same_person),
    Function("colleagues", ("json",), "list", colleagues),
    Function("name_of", ("json",), "string", name_of),
    Function("card", ("json",), "string", card),
    Function("house_says", ("string", "map"), "string", house_says),
    Function("in_language", ("json", "json"), "string", in_language),
    Function("both_words", ("json", "json"), "map", both_words),
    Function("packet_page", ("json",), "string", packet_page),
    Function("same_number", ("string", "string"), "bool", same_number),
    Function("fingerprint", ("string", "string"), "string", fingerprint),
    Function("identities", ("map",), "list", identities),
    Function("accounts", ("list",), "list", accounts),
    Function("contradicts", ("list", "list"), "bool", contradicts),
    Function("gathered", ("list", "string"), "list", gathered),
    Function("likeness", ("string", "string"), "string", likeness),
    Function("told_together", ("map", "list"), "map", told_together),
    Function("as_one", ("map", "map", "list"), "map", as_one),
    Function("contact_fault", ("map",), "string", contact_fault),
    Function("particulars", ("map",), "map", particulars),
    Function("refused_channels", ("map",), "strings", refused_channels),
    Function("machine_written", ("map",), "bool", machine_written),
    Function("dead_address", ("string",), "bool", dead_address),
    Function("address_mark", ("json", "string"), "string", address_mark),
    Function("rests", ("json", "string"), "bool", rests),
    Function("with_rest", ("map", "string", "string"), "map", with_rest),
    Function("without_rest", ("map", "string"), "map", without_rest),
    Function("rest_together", ("map", "map"), "map", rest_together),
    Function("heard", ("map", "map", "map", "list", "json"), "map", heard),
    Function("told_after", ("map", "map", "string", "json"), "map", told_after),
    Function(
        "consents_after", ("map", "map", "string", "json", "timestamp", "string"), "list", consents_after
    ),
    Function("said_since", ("list", "string", "timestamp"), "bool", said_since),
    Function("said_by_text", ("string",), "string", said_by_text),
    Function("profile_of_both", ("map", "map", "map", "map"), "map", profile_of_both),
    Function("customer_hours", ("map", "json"), "map", customer_hours),
    Function("on_duty", ("map", "timestamp"), "list", on_duty),
    Function("on_duty_between", ("map", "timestamp", "timestamp"), "list", on_duty_between),
    Function("next_hand_over", ("map", "timestamp"), "string", next_hand_over),
    Function("rotation_fault", ("map",), "string", rotation_fault),
    Function("ladder_step", ("json", "json", "timestamp"), "map", ladder_step),
    Function("ladder_opening", ("json", "timestamp"), "map", ladder_opening),
    Function("ladder_calendars", ("json",), "strings", ladder_calendars),
    Function("ladder_in_hours", ("json", "string", "json"), "list", ladder_in_hours),
    Function("ladder_fault", ("json",), "string", ladder_fault),
    Function("override_fault", ("map",), "string", override_fault),
    Function("window_fault", ("json", "timestamp"), "string", window_fault),
    Function("windows_fault", ("json", "timestamp"), "string", windows_fault),
    Function("same_window", ("map", "map"), "bool", same_window),
    Function("windows_ahead", ("json", "timestamp"), "list", windows_ahead),
    Function("html_text", ("string",), "string", html_text),
)

NEWS = "news"
"""What a notice is about that does not say."""

ABOUT = (
    Topic("answer", colleagues=True),
    Topic("apology", by_person=True, priority=Priority.ANSWER),
    Topic("approval", colleagues=True),
    Topic("bell", colleagues=True, priority=Priority.ACT),
    Topic("broken_promise", urgent=True, by_person=True, priority=Priority.ANSWER),
    Topic("callback", colleagues=True, priority=Priority.ACT),
    Topic("check_in"),
    Topic("displeasure", colleagues=True, priority=Priority.ANSWER),
    Topic("ended", colleagues=True),
    Topic("escalation", colleagues=True, priority=Priority.ACT),
    Topic("hand_over", colleagues=True),
    Topic("missed_appointment", urgent=True, by_person=True, priority=Priority.ANSWER),
    Topic("new_time", urgent=True, priority=Priority.ANSWER),
    Topic(NEWS),
    Topic("nudge", colleagues=True),
    Topic("promise", priority=Priority.ANSWER),
    Topic("question"),
    Topic("reminder"),
    Topic("survey"),
    Topic("team_news", colleagues=True),
    Topic("thanks"),
)
"""What the catalog's notices are about; any other definition may use these words, too."""


def register(settings: Settings | None = None) -> None:
    """Register them. Before the first definition is compiled; a second time changes nothing.

    Args:
        settings: of the installation whose data is read: of which region its numbers are, and how its house
            reads. None: of none, as where definitions are only looked at.

    Raises:
        SettingsError: there is no such region.
    """
    if settings is not None:
        use_region(settings.region)
        HOME.register(language=settings.language, zone=settings.zone)
    HOME.speak(house_words_in)
    functions.register(*FUNCTIONS)
    TOPICS.register(*ABOUT, default=NEWS)
    searched_fields.register()
    registered = channels.registered().values()
    for kind in Kind:
        WAITING_LINE.register(kind.value, place_in_line)
    channel_words.register(*(one.word for one in registered), default=channels.DEFAULT)
