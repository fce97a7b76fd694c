"""Runs the whole suite twice, both at once: on the embedded database, and on real PostgreSQL and Redis.

Called by ``make test``; arguments go to pytest. What the second pass prints follows when the first has ended.
The closing lines name every server and tool that was used or missing. With REQUIRE_ALL=1 a missing one is a failure.
"""

import contextlib
import os
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from tests.services import (
    Command,
    Found,
    find_chromium,
    find_font,
    find_gettext,
    find_postgres,
    find_redis,
    private_servers,
    stop_on_signals,
)

OK = 0
NOTHING_COLLECTED = 5
SETTINGS_OF_A_MODE = (
    "DATABASE_URL",
    "REDIS_URL",
    "CACHE_URL",
    "DEMO",
    "DEBUG",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "VAR_DIR",
)


def main(arguments: list[str]) -> int:
    stop_on_signals()
    programs = {"Chromium": find_chromium(), "Chinese font": find_font(), "gettext": find_gettext()}
    with private_servers() as (urls, missing), tempfile.TemporaryDirectory() as folder:
        results = _run_passes(arguments, urls, programs["Chromium"], Path(folder))
        failed = {name: _failed(_report(Path(folder), name)) for name in results}
    servers = {"PostgreSQL": ("postgresql", find_postgres()), "Redis": ("redis", find_redis())}
    parts = [(title, name in urls, missing.get(name, found.detail)) for title, (name, found) in servers.items()]
    parts += [(title, found.path is not None, found.detail) for title, found in programs.items()]

    print()
    for title, used, detail in parts:
        print(f"{title}: {'used' if used else 'MISSING'} ({detail})")
    passed = True
    for name, code in results.items():
        fine = code == OK or (code == NOTHING_COLLECTED and bool(arguments))
        passed = passed and fine
        print(f"Tests on {name}: {'passed' if fine else f'FAILED (pytest exit code {code})'}")
        # Once more at the very end, which is what people look at, and what is kept of a long log.
        for test in failed[name]:
            print(f"  {test}")
    if "postgresql" not in urls:
        print("Tests on PostgreSQL: NOT RUN, because PostgreSQL is missing")
    if os.environ.get("REQUIRE_ALL") == "1" and not all(used for _, used, _ in parts):
        print("REQUIRE_ALL=1: a missing part is a failure")
        passed = False
    return 0 if passed else 1


def _run_passes(arguments: list[str], urls: dict[str, str], chromium: Found, folder: Path) -> dict[str, int]:
    """Run pytest on each database there is, at the same time; return pytest's exit codes. Reports go to a folder."""
    common = {name: value for name, value in os.environ.items() if name not in SETTINGS_OF_A_MODE}
    offered = {
        "TEST_POSTGRES_URL": urls.get("postgresql"),
        "TEST_REDIS_URL": urls.get("redis"),
        "TEST_CHROMIUM": chromium.path and str(chromium.path),
    }
    common |= {name: value for name, value in offered.items() if value}

    passes = {"embedded SQLite": (arguments, common)}
    if "postgresql" in urls:
        # What is the same in both passes stands with the second one, as the first has the browser.
        passes = {"embedded SQLite": (_narrowed(arguments, "not servers and not once"), common)}
        name = "PostgreSQL and Redis" if "redis" in urls else "PostgreSQL without Redis"
        on_servers = common | {"DATABASE_URL": urls["postgresql"], "DEMO": "1", "TEST_REDIS_DATABASE": "10"}
        if "redis" in urls:
            on_servers["REDIS_URL"] = urls["redis"]
        passes[name] = (_narrowed(arguments, "not browser and not embedded_only"), on_servers)
    with contextlib.ExitStack() as stack:
        running: dict[str, Command] = {}
        for name, (own_arguments, environment) in passes.items():
            report = f"--junitxml={_report(folder, name)}"
            pytest = [sys.executable, "-m", "pytest", report, *own_arguments]
            command = Command(pytest, environment, is_shown=not running)
            running[name] = stack.enter_context(command)
        return {name: _wait(name, command) for name, command in running.items()}


def _report(folder: Path, name: str) -> Path:
    return folder / f"{name}.xml"


def _failed(report: Path) -> list[str]:
    """Return the tests of a report that failed; none where pytest came to no report."""
    if not report.exists():
        return []
    tests = ElementTree.parse(report).iter("testcase")  # noqa: S314 -- pytest wrote it
    return [
        f"{test.get('classname')}::{test.get('name')}"
        for test in tests
        if test.find("failure") is not None or test.find("error") is not None
    ]


def _wait(name: str, command: Command) -> int:
    print(f"\n== Tests on {name}", flush=True)
    code = command.wait()
    print(command.printed(), end="", flush=True)
    return code


def _narrowed(arguments: list[str], ours: str) -> list[str]:
    """Add to a caller's own ``-m`` rather than replace it: pytest only knows the last one."""
    rest: list[str] = []
    theirs = ""
    words = iter(arguments)
    for word in words:
        if word == "-m":
            theirs = next(words, "")
        else:
            rest.append(word)
    return [*rest, "-m", f"({theirs}) and {ours}" if theirs else ours]


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
