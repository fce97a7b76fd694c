"""Portals in processes of their own: commands, workers and beat against a database and a broker."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest

from tests.conftest import ROOT

BIN = Path(sys.executable).parent
# Where the tables of the first portal of this process lie, by database: to migrate takes longer than most tests.
_MIGRATED: dict[str, str] = {}


class Portal:
    """A portal of its own: embedded in ``var_dir``, or on the given database and broker.

    ``at`` is the instant that every process of it takes for the present when it starts; without it they know the time.
    """

    def __init__(self, var_dir: Path, *, database_url: str = "", redis_url: str = "", at: str = "") -> None:
        kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        self.environment = kept | {"VAR_DIR": str(var_dir), "DEMO": "1", "LOG_LEVEL": "WARNING"}
        if database_url:
            self.environment["DATABASE_URL"] = database_url
        if redis_url:
            self.environment["REDIS_URL"] = redis_url
        self._python = [sys.executable, "-m", "tests.clock", at] if at else [sys.executable]
        self._database_url = database_url
        self._database_file = var_dir / "db.sqlite3"
        self._processes: list[subprocess.Popen[bytes]] = []

    def migrate(self) -> None:
        """Give the portal its tables: a copy of those that the first portal of this process migrated itself."""
        if self._database_url:
            self._copy_on_server()
            return
        if not _MIGRATED.get("sqlite"):
            first = Portal(Path(tempfile.mkdtemp(prefix="migrated-", dir=os.environ["VAR_DIR"])))
            first.manage("migrate", "--verbosity", "0")
            _MIGRATED["sqlite"] = str(first._database_file)
        self._database_file.parent.mkdir(parents=True, exist_ok=True)
        with (
            closing(sqlite3.connect(_MIGRATED["sqlite"])) as source,
            closing(sqlite3.connect(self._database_file)) as copy,
        ):
            source.backup(copy)

    def _copy_on_server(self) -> None:
        own = urlsplit(self._database_url)
        template = f"portal_migrated_{os.getpid()}"
        if not _MIGRATED.get("postgresql"):
            self._on_server(f"CREATE DATABASE {template}")
            first = Portal(
                Path(self.environment["VAR_DIR"]), database_url=urlunsplit(own._replace(path=f"/{template}"))
            )
            first.manage("migrate", "--verbosity", "0")
            _MIGRATED["postgresql"] = template
        name = own.path.removeprefix("/")
        self._on_server(f"DROP DATABASE {name}", f"CREATE DATABASE {name} TEMPLATE {template}")

    def _on_server(self, *statements: str) -> None:
        connection = psycopg2.connect(urlunsplit(urlsplit(self._database_url)._replace(path="/postgres")))
        connection.autocommit = True
        with closing(connection), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Read straight from the portal's database, whatever its processes say."""
        if self._database_url:
            with closing(psycopg2.connect(self._database_url)) as connection, connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall()
        with closing(sqlite3.connect(self._database_file)) as connection:
            return connection.execute(sql).fetchall()

    def manage(self, *arguments: str) -> str:
        """Run a command to its end and return what it printed."""
        done = subprocess.run(
            [*self._python, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"{arguments[0]} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def start_worker(self, name: str = "worker", *, include: str = "") -> subprocess.Popen[bytes]:
        """Start a worker with one process of its own group, so that a kill reaches all of it."""
        modules = ["--include", include] if include else []
        alone = ("--without-gossip", "--without-mingle")
        return self._celery("worker", "--concurrency", "1", "-n", f"{name}@%h", *alone, *modules)

    def start_beat(self) -> subprocess.Popen[bytes]:
        return self._celery("beat", "--pidfile=")

    def start_web(self) -> str:
        """Start the web server and return its address once it answers."""
        port = free_port()
        self._spawn(
            "gunicorn",
            "config.wsgi",
            "--preload",
            "--bind",
            f"127.0.0.1:{port}",
            "--threads",
            "4",
            "--no-control-socket",
        )
        wait_for(lambda: _answers(port), seconds=60, what="the web server")
        return f"http://127.0.0.1:{port}"

    def _celery(self, *arguments: str) -> subprocess.Popen[bytes]:
        return self._spawn("celery", "--quiet", "-A", "config", *arguments)

    def _spawn(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*self._python, str(BIN / program), *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._processes.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End a process and all of its children at once, as a power cut would."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def stop(self) -> None:
        for process in self._processes:
            self.kill(process)


def portal_of(request: pytest.FixtureRequest, var_dir: Path) -> Portal:
    """Return the portal a fixture's parameter names: "embedded", or "redis" for PostgreSQL and Redis."""
    if request.param == "embedded":
        return Portal(var_dir)
    postgres_url, redis_url = (request.getfixturevalue(name) for name in ("postgres_url", "redis_url"))
    return Portal(var_dir, database_url=postgres_url, redis_url=redis_url)


def wait_for(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Wait until something holds. Raises AssertionError naming it when it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for: {what}")
        time.sleep(0.05)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
