"""The web processes of the Procfile for a benchmark, and a client that times whole answers and their first byte."""

from __future__ import annotations

import gzip
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from time import perf_counter

from honcho.environ import parse_procfile

from tests.load.processes import ROOT

WARM_UP = 6
START_SECONDS = 60


@dataclass(frozen=True)
class Timing:
    """Milliseconds to the first byte, one request at a time; and whole answers of many at once."""

    first_bytes: list[float]
    answers: list[float]
    seconds: float

    @property
    def a_second(self) -> float:
        return len(self.answers) / self.seconds


def percentile(values: list[float], percent: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


@contextmanager
def web(workers: int) -> Iterator[int]:
    """Serve as in production with so many processes; yield the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = parse_procfile((ROOT / "Procfile").read_text()).processes["web"]
    environment = {**os.environ, "PORT": str(port), "WEB_PROCESSES": str(workers), "DEBUG": "0"}
    path = f"{ROOT / '.venv' / 'bin'}:{environment['PATH']}"
    process = subprocess.Popen(["sh", "-c", command], cwd=ROOT, env={**environment, "PATH": path})
    try:
        _wait_for(port)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            if fetch(HTTPConnection("127.0.0.1", port, timeout=5), "/healthz", {})[0] == 200:
                return
        except OSError:
            pass
        if time.monotonic() > until:
            raise RuntimeError("the web processes did not start")
        time.sleep(0.2)


def fetch(connection: HTTPConnection, address: str, headers: dict[str, str]) -> tuple[int, bytes, float, float]:
    """Return status and body of an answer, and the milliseconds to its first byte and to its end."""
    began = perf_counter()
    connection.request("GET", address, headers=headers)
    answer = connection.getresponse()
    first = perf_counter() - began
    body = answer.read()
    return answer.status, body, 1000 * first, 1000 * (perf_counter() - began)


def measure(port: int, address: str, cookie: str, *, requests: int, together: int, seconds: float) -> Timing:
    """Time an address: first one request after the other, then some at once for some seconds. 200 or RuntimeError."""
    headers = {"Cookie": cookie, "Accept-Encoding": "identity", "Accept-Language": "en"}
    first_bytes = _one_by_one(port, address, headers, WARM_UP + requests)[WARM_UP:]
    until = perf_counter() + seconds
    began = perf_counter()
    with ThreadPoolExecutor(together) as pool:
        parts = list(pool.map(lambda _number: _until(port, address, headers, until), range(together)))
    return Timing(first_bytes, [each for part in parts for each in part], perf_counter() - began)


def _one_by_one(port: int, address: str, headers: dict[str, str], requests: int) -> list[float]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    times = []
    for _ in range(requests):
        status, _body, first, _whole = fetch(connection, address, headers)
        _must_be_fine(status, address)
        times.append(first)
    return times


def _until(port: int, address: str, headers: dict[str, str], until: float) -> list[float]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    times: list[float] = []
    while perf_counter() < until:
        status, _body, _first, whole = fetch(connection, address, headers)
        _must_be_fine(status, address)
        times.append(whole)
    return times


def _must_be_fine(status: int, address: str) -> None:
    if status != 200:
        raise RuntimeError(f"{address} answered {status}")


def asset_bytes(port: int, address: str, cookie: str) -> dict[str, int]:
    """Return the bytes on the wire of every script and style of a page, as a browser gets them."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    _status, body, *_times = fetch(connection, address, {"Cookie": cookie, "Accept-Encoding": "gzip"})
    page = (gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body).decode()
    links = re.findall(r'<script[^>]+src="([^"]+)"|<link[^>]+rel="stylesheet"[^>]+href="([^"]+)"', page)
    found = {}
    for each in dict.fromkeys(script or style for script, style in links):
        status, content, *_times = fetch(connection, each, {"Accept-Encoding": "gzip, br"})
        _must_be_fine(status, each)
        found[each] = len(content)
    return found
