"""Routes that are looked into when they are first asked for: each can be, and is what it was declared as."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.routing import Match

from tests.api.conftest import House
from workflow.api.http.late_routes import LateRoute, LateRouter
from workflow.console.site import PAGES


def test_every_route_can_be_looked_into(house: House) -> None:
    """Whoever declares a wrong one shall not hear of it from its first caller."""
    late = [one for one in house.app.routes if isinstance(one, LateRoute)]
    assert len(late) > 150
    assert {id(one) for router in PAGES for one in router.routes} <= {id(one) for one in late}
    for route in late:
        route.complete()
        assert route.dependant.call is route.endpoint


def declared(router: LateRouter) -> LateRoute:
    """The only route of a router."""
    (route,) = router.routes
    assert isinstance(route, LateRoute)
    return route


def test_it_is_looked_into_with_the_first_request_for_it_and_by_no_other() -> None:
    router = LateRouter(prefix="/things")

    @router.get("/{number}", status_code=203, tags=["things"])
    def get_thing(number: int, more: bool = False) -> dict[str, object]:
        """One of them."""
        return {"number": number, "more": more}

    app = FastAPI()
    app.router.routes.extend(router.routes)
    route = declared(router)
    client = TestClient(app)
    assert client.get("/others/1").status_code == 404
    assert client.post("/things/1").status_code == 405
    assert "dependant" not in vars(route)
    answer = client.get("/things/1?more=yes")
    assert (answer.status_code, answer.json()) == (203, {"number": 1, "more": True})
    assert "dependant" in vars(route)
    assert client.get("/things/one").status_code == 422
    scope = {"type": "http", "path": "/things/1", "method": "GET", "root_path": ""}
    assert route.matches(scope)[0] is Match.FULL


def test_what_is_said_of_it_before_stays() -> None:
    router = LateRouter()
    router.add_api_route("/things", lambda: {}, name="list_things", methods=["get"], summary="All")
    route = declared(router)
    route.operation_id = "list_all"
    assert route.summary == "All"
    assert (route.operation_id, route.name, route.methods) == ("list_all", "list_things", {"GET"})
    with pytest.raises(AttributeError, match="no 'colour'"):
        _ = route.colour


def test_one_that_cannot_be_served_says_so_each_time() -> None:
    router = LateRouter()
    router.add_api_route("/things", lambda wrong: {}, response_model=object(), name="wrong")
    route = declared(router)
    assert isinstance(route, APIRoute)
    for _ in range(2):
        with pytest.raises(AttributeError, match="__module__"):
            _ = route.dependant
