"""The whole site: the API with the pages for people."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from workflow.api.app import create_app
from workflow.api.context import Workers
from workflow.api.ingest.limits import Limits
from workflow.console import (
    alert_pages,
    aside_pages,
    assets,
    barometer_pages,
    bell_pages,
    decision_pages,
    drawing_pages,
    duty_pages,
    explanation_pages,
    integrate_pages,
    lifecycle_pages,
    line_pages,
    link_pages,
    live_pages,
    me_pages,
    migration_pages,
    new_pages,
    operate_pages,
    packet_page,
    passkey_pages,
    people_pages,
    promise_pages,
    reference_page,
    rehearsal_page,
    sandbox_page,
    search_page,
    sent_event_pages,
    sign_on_pages,
    signing_in_pages,
    subject_pages,
    subscription_pages,
    today_page,
    trial_pages,
    work_pages,
)
from workflow.console.own_labels import check_own_labels
from workflow.console.refusal_pages import shown
from workflow.engine.runtime import Runtime

PAGES = (
    assets.router,
    signing_in_pages.router,
    sign_on_pages.router,
    today_page.router,
    line_pages.router,
    new_pages.router,
    live_pages.router,
    bell_pages.router,
    aside_pages.router,
    work_pages.router,
    subject_pages.router,
    drawing_pages.router,
    explanation_pages.router,
    lifecycle_pages.router,
    migration_pages.router,
    promise_pages.router,
    search_page.router,
    reference_page.router,
    decision_pages.router,
    operate_pages.router,
    duty_pages.router,
    me_pages.router,
    passkey_pages.router,
    people_pages.router,
    integrate_pages.router,
    subscription_pages.router,
    sent_event_pages.router,
    rehearsal_page.router,
    trial_pages.router,
    packet_page.router,
    link_pages.router,
    barometer_pages.router,
    alert_pages.router,
    alert_pages.alert_router,
    sandbox_page.router,
)


def create_site(
    runtime: Runtime,
    broker: Workers | None = None,
    *,
    limits: Limits | None = None,
    counters: Path | None = None,
) -> FastAPI:
    """The HTTP application on this runtime, pages included; the arguments are those of `create_app`.

    Raises SettingsError where labels of the installation's own lifecycles cannot be read.
    """
    check_own_labels(runtime.settings.lifecycles)
    return create_app(runtime, broker, limits=limits, counters=counters, pages=PAGES, shown=shown)
