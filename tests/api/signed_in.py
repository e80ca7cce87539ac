"""People with browsers: each has cookies of their own, and sends the forms that pages show them."""

from __future__ import annotations

from html.parser import HTMLParser

import httpx

from tests.api.conftest import NOON, House
from workflow.access import people, sessions
from workflow.access.role import Role
from workflow.access.sessions import Limits
from workflow.api.browser import limits_of
from workflow.clock import real_time

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"


class Forms(HTMLParser):
    """The forms of a page: by action and button, the fields that they hold."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str], list[dict[str, str]]]] = []
        """(action, fields, buttons) of each."""
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what a form holds."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method") == "post":
            self.all.append((given.get("action", ""), {}, []))
            self._inside = True
        elif self._inside and tag in ("input", "textarea") and given.get("name"):
            if given.get("type") not in ("radio", "checkbox") or "checked" in given:
                self.all[-1][1][given["name"]] = given.get("value", "")
        elif self._inside and tag == "button":
            self.all[-1][2].append(given)

    def handle_endtag(self, tag: str) -> None:
        """A form ends."""
        self._inside = self._inside and tag != "form"

    def to(self, action: str, number: int = 0) -> dict[str, str]:
        """The fields of a form that leads there."""
        return dict([fields for place, fields, _ in self.all if place == action][number])


class Browser:
    """Somebody's browser at a door."""

    def __init__(self, house: House, token: str | None = None) -> None:
        self.http = httpx.Client(base_url=house.http.base_url, headers={"Accept": HTML}, timeout=30)
        if token is not None:
            self.http.cookies.set("makegood", token, domain="127.0.0.1")

    def get(self, path: str) -> httpx.Response:
        """Open a page, and go where it leads."""
        return self.http.get(path, follow_redirects=True)

    def forms(self, path: str) -> Forms:
        """The forms of a page."""
        page = self.get(path)
        assert page.status_code == 200, page.text
        return Forms(page.text)

    def send(self, page: str, action: str, *, number: int = 0, **more: str) -> httpx.Response:
        """Fill in a form of a page, and send it; the answer itself, not where it leads."""
        return self.post(action, self.forms(page).to(action, number) | more)

    def post(self, action: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        """Send a form as a browser does."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(action, data=fields, headers={"Sec-Fetch-Site": "same-origin"} | named)


def browser_of(house: House, name: str, *roles: Role, teams: tuple[str, ...] = ()) -> Browser:
    """A browser in which somebody of these roles has signed in: name@desk.example."""
    return Browser(house, token_of(house, name, *roles, teams=teams))


def token_of(house: House, name: str, *roles: Role, teams: tuple[str, ...] = ()) -> str:
    """The token of a session of somebody new."""
    store = house.runtime.store
    person = people.add(store, people.checked(f"{name}@desk.example", name.title(), roles, NOON, teams=teams))
    limits: Limits = limits_of(house.runtime.settings)
    with store.begin() as transaction:
        now = real_time(house.runtime.clock).now()  # in a sandbox sessions last by another clock
        return sessions.begin(transaction, person, now, limits, "127.0.0.1", "a browser")[1]
