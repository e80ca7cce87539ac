"""The page of people, where there are many."""

from __future__ import annotations

import re

from tests.api.conftest import House
from tests.api.signed_in import browser_of, token_of
from workflow.access.role import Role


def test_many_people_are_listed_page_by_page_by_address(house: House) -> None:
    admin = browser_of(house, "a-first", Role.ADMIN)
    for number in range(60):
        token_of(house, f"p{number:02}", Role.AGENT)
    seen, path = [], "/admin/people"
    while path:
        text = admin.get(path).text
        seen.append(re.findall(r"<p class=\"quiet\">([\w-]+@desk\.example)", text))
        following = re.search(r'href="(\?after=[^"]+)"', text)
        path = f"/admin/people{following[1]}" if following else ""
    assert [len(page) for page in seen] == [50, 11]
    listed = [one for page in seen for one in page]
    assert listed == sorted(listed) and listed[0] == "a-first@desk.example"
    assert admin.get("/admin/people?after=" + "x" * 300).status_code == 422
