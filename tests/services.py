"""Finds and runs the servers that tests and benchmarks use: PostgreSQL and Redis, private and temporary.

``python -m tests.services --missing [NAME...]`` prints what this machine lacks.
``python -m tests.services COMMAND...`` runs a command with both servers in its environment.

Standard library only, so that it works before anything else does.
"""

import contextlib
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

POSTGRES_AT_LEAST = 15
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
START_SECONDS = 60


@dataclass(frozen=True)
class Found:
    """A part of the system: where it is, or why it cannot be used."""

    path: Path | None
    detail: str


def find_postgres() -> Found:
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_leading_number, reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    too_old = ""
    for folder in candidates:
        if not (folder / "initdb").exists() or not (folder / "postgres").exists():
            continue
        version = _output(folder / "postgres", "--version")
        number = re.search(r"\d+", version)
        if number and int(number.group()) >= POSTGRES_AT_LEAST:
            return Found(folder, version)
        too_old = f"{version} is older than {POSTGRES_AT_LEAST}; "
    return Found(None, f"{too_old}no initdb in /usr/lib/postgresql/*/bin or on the PATH")


def find_redis() -> Found:
    return _find_program(("redis-server", "valkey-server"), environment_name="")


def find_chromium() -> Found:
    return _find_program(CHROMIUM_NAMES, environment_name="CHROMIUM")


def find_font() -> Found:
    listing = _output("fc-list", ":lang=zh", "family")
    if listing:
        return Found(Path("fc-list"), listing.splitlines()[0])
    return Found(None, "no Chinese font known to fontconfig (fonts-wqy-microhei)")


def find_gettext() -> Found:
    return _find_program(("xgettext",), environment_name="")


FINDERS: dict[str, Callable[[], Found]] = {
    "postgresql": find_postgres,
    "redis": find_redis,
    "chromium": find_chromium,
    "font": find_font,
    "gettext": find_gettext,
}


@contextlib.contextmanager
def postgres_server(programs: Path) -> Iterator[str]:
    """Run a throw-away PostgreSQL on a free loopback port; yield the URL of its empty database ``portal``.

    Its data survive nothing, so it does not wait for the disk.
    """
    password = secrets.token_hex(16)
    # PostgreSQL refuses to run as root.
    run_as = _unprivileged_user() if os.geteuid() == 0 else None
    with _temporary_folder("postgres-", owner=run_as) as folder:
        data = folder / "data"
        password_file = folder / "password"
        password_file.write_text(password)
        password_file.chmod(0o600)
        if run_as:
            os.chown(password_file, run_as.pw_uid, run_as.pw_gid)
        user = {"user": run_as.pw_uid, "group": run_as.pw_gid, "extra_groups": []} if run_as else {}
        initdb = [
            programs / "initdb",
            *("--pgdata", data, "--username", "portal", "--pwfile", password_file),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--no-sync"),
        ]
        for locale in ("C.UTF-8", "C"):
            made = subprocess.run(
                [*initdb, f"--locale={locale}"],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                **user,
            )
            if made.returncode == 0:
                break
        else:
            raise RuntimeError(f"initdb failed: {made.stderr.strip()}")

        port = _free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": folder,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": 100,
            "shared_buffers": os.environ.get("TEST_POSTGRES_SHARED_BUFFERS", "256MB"),
            "work_mem": "64MB",
            "max_wal_size": "4GB",
            # Containers give /dev/shm too little room for parallel queries.
            "dynamic_shared_memory_type": "mmap",
            "timezone": "UTC",
        }
        command = [programs / "postgres", "-D", data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        environment = {**os.environ, "PGPASSWORD": password}
        psql = [
            programs / "psql",
            "-h",
            "127.0.0.1",
            "-p",
            str(port),
            "-U",
            "portal",
            "-d",
            "postgres",
            "-qc",
        ]

        def answers() -> bool:
            done = subprocess.run([*psql, "SELECT 1"], env=environment, capture_output=True, check=False)
            return done.returncode == 0

        # SIGQUIT: stop at once, nothing of this is to be kept.
        with _running(command, folder, stop_with=signal.SIGQUIT, answers=answers, **user):
            subprocess.run([*psql, "CREATE DATABASE portal"], env=environment, capture_output=True, check=True)
            yield f"postgres://portal:{password}@127.0.0.1:{port}/portal"


@contextlib.contextmanager
def redis_server(program: Path) -> Iterator[str]:
    """Run a throw-away Redis on a free loopback port; yield the URL of its database 0."""
    password = secrets.token_hex(16)
    port = _free_port()
    with _temporary_folder("redis-", owner=None) as folder:
        # In a file: a password among the arguments would be readable by everyone.
        config = folder / "redis.conf"
        config.touch(0o600)
        config.write_text(
            f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\ndir "{folder}"\n'
        )

        def answers() -> bool:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
                connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
                with connection.makefile("rb") as answer:
                    return [answer.readline(), answer.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
            return False

        with _running([program, config], folder, stop_with=signal.SIGTERM, answers=answers):
            yield f"redis://:{password}@127.0.0.1:{port}/0"


@contextlib.contextmanager
def private_servers() -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Run the servers that are installed; yield their URLs and, for those that do not run, the reasons."""
    with contextlib.ExitStack() as stack:
        urls: dict[str, str] = {}
        missing: dict[str, str] = {}
        starters = {"postgresql": (find_postgres, postgres_server), "redis": (find_redis, redis_server)}
        for name, (find, start) in starters.items():
            found = find()
            if found.path is None:
                missing[name] = found.detail
                continue
            try:
                urls[name] = stack.enter_context(start(found.path))
            except (OSError, RuntimeError, subprocess.SubprocessError) as error:
                missing[name] = f"did not start: {error}"
        yield urls, missing


def stop_on_signals() -> None:
    """Let SIGTERM and SIGHUP unwind like Ctrl-C, so that servers are stopped on every way out."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


class Command:
    """A command that runs beside others; left early, it is told to end. What it prints is shown, or kept for later."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], *, is_shown: bool = True) -> None:
        self._kept = None if is_shown else tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        # What runs out of sight gets no keyboard: a debugger would wait in it for ever.
        stdin = None if is_shown else subprocess.DEVNULL
        self._process = subprocess.Popen(
            command, env=environment, stdin=stdin, stdout=self._kept, stderr=subprocess.STDOUT if self._kept else None
        )

    def __enter__(self) -> "Command":
        return self

    def wait(self) -> int:
        return self._process.wait()

    def printed(self) -> str:
        """Return what it printed out of sight; empty for what was shown."""
        if self._kept is None:
            return ""
        self._kept.seek(0)
        return self._kept.read().decode(errors="replace")

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        # The terminal sends Ctrl-C to the command too; a second one would cut its tidying up short.
        if self._process.poll() is None and kind is not KeyboardInterrupt:
            self._process.send_signal(signal.SIGINT)
        _wait_or_kill(self._process)
        if self._kept is not None:
            self._kept.close()


def run_command(command: Sequence[str], environment: dict[str, str]) -> int:
    """Run a command to its end and return its exit code; end it when this process is told to end."""
    with Command(command, environment) as running:
        return running.wait()


def _wait_or_kill(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def _running(
    command: Sequence[object],
    folder: Path,
    *,
    stop_with: signal.Signals,
    answers: Callable[[], bool],
    **popen: object,
) -> Iterator[None]:
    log_path = folder / "log"
    with log_path.open("wb") as log:
        # A session of its own: Ctrl-C must reach the tests first and the servers last.
        process = subprocess.Popen(  # type: ignore[call-overload]
            [str(part) for part in command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **popen,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(
                    f"{Path(str(command[0])).name}: {log_path.read_text(errors='replace')[-500:].strip()}"
                )
            time.sleep(0.1)
        yield
    finally:
        if process.poll() is None:
            process.send_signal(stop_with)
            _wait_or_kill(process)


@contextlib.contextmanager
def _temporary_folder(prefix: str, *, owner: pwd.struct_passwd | None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    if owner:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("no user to run PostgreSQL as: neither postgres nor nobody exists")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _find_program(names: Sequence[str], *, environment_name: str) -> Found:
    chosen = os.environ.get(environment_name, "") if environment_name else ""
    for name in (chosen, *names):
        path = shutil.which(name) if name else None
        if path:
            return Found(Path(path), (_output(path, "--version") or path).splitlines()[0])
    return Found(None, f"no {' or '.join(names[:2])} on the PATH")


def _output(program: object, *arguments: str) -> str:
    try:
        done = subprocess.run(
            [str(program), *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _leading_number(path: Path) -> int:
    number = re.match(r"\d+", path.parent.name)
    return int(number.group()) if number else 0


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--missing"]:
        for name in arguments[1:] or FINDERS:
            if FINDERS[name]().path is None:
                print(name)
        return 0
    stop_on_signals()
    with private_servers() as (urls, missing):
        for name, reason in missing.items():
            print(f"{name}: missing, {reason}", file=sys.stderr)
        if missing:
            return 1
        environment = {
            **os.environ,
            "DATABASE_URL": urls["postgresql"],
            "REDIS_URL": urls["redis"],
            "TEST_POSTGRES_URL": urls["postgresql"],
            "TEST_REDIS_URL": urls["redis"],
            "DEMO": "1",
        }
        return run_command(arguments, environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
