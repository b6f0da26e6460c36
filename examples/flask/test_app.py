"""The routes, and what a real server does with open requests when it is told to stop."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from app import app

HERE = Path(__file__).parent

# Fewer than one worker process has threads, so that all are being served at once.
SLOW_REQUESTS = 6

# The application of the example with a slow route, which says when a request has begun.
SLOW_APP = """
import os, time
from app import app

@app.get("/slow")
def slow():
    with open(os.environ["BEGUN"], "a") as begun:
        begun.write("+")
    time.sleep(2)
    return "finished"
"""


def test_root_says_hello() -> None:
    response = app.test_client().get("/")

    assert (response.status_code, response.text) == (200, "Hello World\n")


def test_health_route_answers() -> None:
    assert app.test_client().get("/healthz").status_code == 200


def test_unknown_route_is_not_found() -> None:
    assert app.test_client().get("/nothing").status_code == 404


def test_requests_that_are_open_at_sigterm_are_answered(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, port), ThreadPoolExecutor(SLOW_REQUESTS) as pool:
        answers = [pool.submit(get, port, "/slow") for _ in range(SLOW_REQUESTS)]
        until(lambda: begun(tmp_path) == SLOW_REQUESTS, "all requests have begun")

        server.send_signal(signal.SIGTERM)

        assert [answer.result(10) for answer in answers] == [
            (200, "finished")
        ] * SLOW_REQUESTS
        assert server.wait(10) == 0


def test_requests_that_come_after_sigterm_do_not_hold_the_server_up(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as (server, port), ThreadPoolExecutor(1) as pool:
        answer = pool.submit(get, port, "/slow")
        until(lambda: begun(tmp_path) == 1, "the request has begun")

        server.send_signal(signal.SIGTERM)
        until(lambda: not answers(port), "nothing new is answered")

        assert not answer.done()
        assert answer.result(10) == (200, "finished")
        assert server.wait(10) == 0


def test_a_server_without_requests_stops_at_once(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, _):
        server.send_signal(signal.SIGTERM)

        assert server.wait(5) == 0


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A server as the image starts it, but for its port and the slow route."""
    (folder / "slow_app.py").write_text(SLOW_APP)
    port = free_port()
    gunicorn = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"]
    search = os.pathsep.join([str(folder), str(HERE)])
    server = subprocess.Popen(
        [*gunicorn, "slow_app:app"],
        cwd=HERE,
        env={**os.environ, "PYTHONPATH": search, "BEGUN": str(folder / "begun")},
    )
    try:
        until(lambda: server.poll() is None and answers(port), "the server answers")
        yield server, port
    finally:
        if server.poll() is None:
            server.kill()
            server.wait(5)


def get(port: int, path: str, timeout: float = 10) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def begun(folder: Path) -> int:
    path = folder / "begun"
    return len(path.read_text()) if path.exists() else 0


def answers(port: int) -> bool:
    try:
        return get(port, "/healthz", timeout=0.5)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def until(condition: Callable[[], bool], what: str, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain for {seconds} s until {what}")
        time.sleep(0.02)
