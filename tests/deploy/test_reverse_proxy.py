"""The configurations for nginx, Caddy and HAProxy, in real ones: over TLS, before a running API."""

from __future__ import annotations

import os
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import httpx
import pytest

from tests.api.running_api import RunningApi, running_api
from tests.deploy.proxies import CADDY, HAPROXY, NGINX, Ports, Proxy
from tests.servers.certificates import certificates
from tests.servers.process import ServerMissing
from tests.waiting import wait_until
from workflow.embedded.ports import free_port

EVENT = {"specversion": "1.0", "source": "/t", "type": "promise.thanks", "subject": "promise:1"}


class Site:
    """A proxy before an API, and clients of it."""

    def __init__(self, api: RunningApi, ports: Ports, authority: Path) -> None:
        self.api = api
        self.ports = ports
        key = api.client().headers["authorization"]
        context = ssl.create_default_context(cafile=str(authority))
        self.http = httpx.Client(
            base_url=f"https://localhost:{ports.tls}", verify=context, headers={"authorization": key},
            timeout=30, trust_env=False,
        )  # fmt: skip


@pytest.fixture(scope="module", params=[NGINX, CADDY, HAPROXY], ids=lambda one: one.name)
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], None]
) -> Iterator[Site]:
    """Each, as long as it is needed."""
    proxy: Proxy = request.param
    if proxy.program() is None:
        missing(f"{proxy.name} is missing: apt-get install --no-install-recommends {proxy.package}")
    directory = tmp_path_factory.mktemp("proxy")
    try:
        made = certificates(directory)
    except ServerMissing as error:
        missing(str(error))
        raise
    with running_api(f"sqlite:///{directory / 'makegood.db'}", directory, 1) as api:
        ports = Ports(api.port, free_port(), free_port())
        proxy.written(directory, ports)
        with running(proxy, directory, ports.tls):
            yield Site(api, ports, made.authority)


@contextmanager
def running(proxy: Proxy, directory: Path, port: int) -> Iterator[None]:
    """The proxy, as a process of this test's own."""
    with (directory / "said.log").open("wb") as log:
        process = subprocess.Popen(
            [str(proxy.program()), *proxy.arguments(directory)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "HOME": str(directory)},
        )  # fmt: skip

    def answers() -> bool:
        assert process.poll() is None, (directory / "said.log").read_text()
        try:
            return httpx.get(f"https://localhost:{port}/docs", verify=False, trust_env=False).is_success
        except httpx.TransportError:
            return False

    try:
        wait_until(answers, seconds=60, what=f"{proxy.name} to answer")
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def post(site: Site, identity: str, **headers: str) -> httpx.Response:
    """An event through the proxy."""
    said = {"content-type": "application/cloudevents+json", **headers}
    return site.http.post("/v1/events", json={**EVENT, "id": identity}, headers=said)


def test_events_go_through_and_requests_keep_their_id(site: Site) -> None:
    answer = post(site, "1", **{"x-request-id": "from-outside"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (202, "from-outside")


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
def test_what_is_for_inside_stays_there(site: Site, path: str) -> None:
    assert site.http.get(path).status_code == 404
    assert site.api.http.get(path).status_code == 200


def test_without_tls_everybody_is_sent_to_where_it_is(site: Site) -> None:
    answer = httpx.get(
        f"http://127.0.0.1:{site.ports.plain}/v1/x?y=1", headers={"host": "evil.example"}, trust_env=False
    )
    assert (answer.status_code, answer.headers["location"]) == (308, "https://care.example/v1/x?y=1")


def test_bodies_are_bounded_here_as_they_are_there(site: Site) -> None:
    headers = {"content-type": "application/cloudevents-batch+json"}
    fits = b"[" + b" " * (7 * 1024 * 1024) + b"]"
    assert site.http.post("/v1/events", content=fits, headers=headers).status_code != 413
    assert (
        site.http.post("/v1/events", content=fits + b" " * 2 * 1024 * 1024, headers=headers).status_code
        == 413
    )


def test_a_stream_tells_each_change_as_it_comes(site: Site) -> None:
    """Were it buffered, the first lines would come with the end of the stream, which never comes."""
    lines: list[str] = []

    def follow() -> None:
        with site.http.stream("GET", "/v1/changes/stream") as stream:
            for line in stream.iter_lines():
                lines.append(line)
                if any(one.startswith("id:") for one in lines):
                    return

    thread = Thread(target=follow, daemon=True)
    thread.start()
    thread.join(25)
    assert not thread.is_alive(), lines


def test_the_host_is_ours_whatever_a_caller_says(site: Site) -> None:
    page = site.http.get("/sign-in", headers={"host": "evil.example", "x-forwarded-host": "evil.example"})
    assert "evil.example" not in page.text and "evil.example" not in str(page.headers)


def test_what_is_too_much_of_a_head_is_said_by_a_problem_or_by_the_proxy(site: Site) -> None:
    """Heads that makegood takes go through; nothing that it would refuse is taken."""
    fits = site.http.get("/docs", headers={f"x-{number}": "a" * 1000 for number in range(6)})
    assert fits.status_code == 200
    beyond = site.http.get("/docs", headers={f"x-{number}": "a" * 1000 for number in range(17)})
    assert beyond.status_code in (400, 431), beyond.status_code


def test_who_asks_is_no_word_of_the_caller(site: Site) -> None:
    """makegood believes none of these headers; what it writes down of an address is the proxy's."""
    said = {"x-forwarded-for": "6.6.6.6", "x-forwarded-proto": "http", "forwarded": "for=6.6.6.6"}
    answer = post(site, "forwarded", **said)
    assert answer.status_code == 202
    audit = site.http.get("/v1/audit")
    assert "6.6.6.6" not in audit.text
