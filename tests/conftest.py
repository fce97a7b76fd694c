"""What all tests share: a private var/ folder, no network, real servers where there are any."""

import copy
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import django
import pytest
from django.conf import settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker

ROOT = Path(__file__).resolve().parent.parent

# Before Django reads its settings: no test may touch the data of the portal in this folder.
VAR_DIR = Path(tempfile.mkdtemp(prefix="portal-tests-"))
os.environ["VAR_DIR"] = str(VAR_DIR)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

# Swap what is slow on purpose or needs collectstatic first; everything else runs as in production.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
settings.STORAGES = {
    **settings.STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

hypothesis_settings.register_profile("default", derandomize=True, deadline=None, max_examples=60, database=None)
hypothesis_settings.register_profile(
    "thorough", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_unconfigure() -> None:
    shutil.rmtree(VAR_DIR, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for no database, so that one of the two passes need not run it again."""
    for item in items:
        is_placed = any(item.get_closest_marker(name) for name in ("browser", "servers", "embedded_only"))
        asks = "django_db_setup" in getattr(item, "fixturenames", ()) or item.get_closest_marker("django_db")
        if not is_placed and not asks:
            item.add_marker("once")


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    from tests.once import empty_caches

    empty_caches()


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """What is called directly answers in English; a request still chooses its own language and leaves it behind."""
    from django.utils import translation

    with translation.override("en"):
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Let the tests empty the audit trail between them; on SQLite that is a DELETE, which the portal refuses.

    tests/integration/people/test_audit.py puts the refusal back for its own test.
    """
    from django.db import connection, connections

    ours = connections["default"]
    if hasattr(ours, "_test_serialized_contents"):
        # Once a browser was started its loop gives this thread another connection, which has to know it as well.
        type(ours)._test_serialized_contents = ours._test_serialized_contents
    if connection.vendor == "sqlite":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER IF EXISTS engineers_auditentry_no_delete")


@pytest.fixture
def world(built: Any, db: None) -> Any:
    """A test's own copy of what its module built once (``tests.once``)."""
    return copy.deepcopy(built)


@pytest.fixture
def shared_data() -> Path:
    """The folder of real input files, which a fresh clone does not have."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("shared data folder absent: shared/data")
    return folder


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The URL of an empty database on a real PostgreSQL, for processes that the test starts itself."""
    import psycopg2

    server = _service("TEST_POSTGRES_URL", "PostgreSQL")
    name = f"portal_{uuid.uuid4().hex[:12]}"
    connection = psycopg2.connect(server)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        connection.close()


@pytest.fixture
def redis_url() -> Iterator[str]:
    """The URL of an empty database on a real Redis, apart from those that the passes' own processes use."""
    import redis

    server = _service("TEST_REDIS_URL", "Redis")
    url = urlunsplit(urlsplit(server)._replace(path=f"/{os.environ.get('TEST_REDIS_DATABASE', '9')}"))
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield url
        client.flushdb()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The system's Chromium, for playwright's ``executable_path``."""
    path = _service("TEST_CHROMIUM", "Chromium")
    # Playwright's loop runs in the thread of the test, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    return path


def _service(variable: str, title: str) -> str:
    value = os.environ.get(variable, "")
    if value:
        return value
    reason = f"missing service: {title} ({variable} is not set; make test looks for it)"
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
