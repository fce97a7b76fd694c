"""Rows that are built once for all tests of a module, as building them takes longer than most tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.utils import translation
from pytest_django import DjangoDbBlocker

from appraisal.kpis.queries import content_as_activated


def empty_caches() -> None:
    """Forget what the process keeps.

    Limits on attempts are counted in the cache and must not add up over tests. What is rolled back leaves its ids and
    its moment to the next one: what is kept of activated schemes has to go as well.
    """
    cache.clear()
    content_as_activated.cache_clear()


def once_a_module(build: Callable[[], Any]) -> Any:
    """Make a fixture of the module's scope of what ``build`` returns; call it ``built``.

    A test asks for ``world`` (``tests/conftest.py``), its own copy: what it writes is rolled back to a savepoint, what
    is built when the module ends. Not for modules with tests that commit (``django_db(transaction=True)``), nor with
    tests that build the same rows themselves.
    """

    @pytest.fixture(scope="module")
    def built(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Any]:
        block = transaction.atomic()
        with django_db_blocker.unblock(), translation.override("en"):
            empty_caches()
            block.__enter__()
            try:
                made = build()
            except BaseException as error:
                block.__exit__(type(error), error, error.__traceback__)
                raise
        yield made
        with django_db_blocker.unblock():
            transaction.set_rollback(True)
            block.__exit__(None, None, None)

    return built
