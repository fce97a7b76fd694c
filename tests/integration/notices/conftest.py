from __future__ import annotations

from datetime import UTC, datetime

import pytest

from appraisal.notices import registry
from appraisal.notices.registry import Topic, register_topic
from engineers.models import User
from tests.factories import UserFactory

# 16:00 in Shanghai: the next digest is at eight o'clock the next morning, midnight UTC.
NOW = datetime(2026, 4, 2, 8, 0, tzinfo=UTC)
DIGEST = datetime(2026, 4, 3, 0, 0, tzinfo=UTC)
PLAIN, URGENT, OTHERS = "cycle.test_plain", "appeals.test_urgent", "test.others"


@pytest.fixture(autouse=True)
def _topics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Topics of these tests alone."""
    monkeypatch.setattr(registry, "_TOPICS", dict(registry._TOPICS))
    register_topic(Topic(PLAIN, "A cycle opens", "“%(cycle)s” is open."))
    register_topic(Topic(URGENT, "An appeal waits", "%(name)s appeals.", is_urgent=True))
    register_topic(Topic(OTHERS, "Something", "Something happened."))


@pytest.fixture
def ann() -> User:
    return UserFactory(username="ann", first_name="Ann", language="en")


@pytest.fixture
def bo() -> User:
    return UserFactory(username="bo", first_name="Bo", language="zh-hans")
