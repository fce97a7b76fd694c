"""When something happened is told in words, with the exact time underneath."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils.translation import override

from engineers.templatetags.ui import ago

NOW = datetime(2026, 4, 2, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "english", "chinese"),
    [
        (timedelta(seconds=59), "just now", "刚刚"),
        (timedelta(minutes=1), "1 minute ago", "1 分钟前"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago", "59 分钟前"),
        (timedelta(hours=2, minutes=10), "2 hours ago", "2 小时前"),
        (timedelta(hours=24), "1 day ago", "1 天前"),
        (timedelta(days=6, hours=23, minutes=59), "6 days ago", "6 天前"),
        (timedelta(days=7), "2026-03-26 16:00", "2026-03-26 16:00"),
        (timedelta(minutes=-5), "2026-04-02 16:05", "2026-04-02 16:05"),
    ],
)
def test_how_long_ago_it_was_is_told_within_a_week(before: timedelta, english: str, chinese: str) -> None:
    with time_machine.travel(NOW, tick=False):
        for language, words in (("en", english), ("zh-hans", chinese)):
            with override(language):
                assert re.sub("<[^>]*>", "", str(ago(NOW - before))) == words


def test_the_exact_time_lies_underneath() -> None:
    with time_machine.travel(NOW, tick=False), override("en"):
        assert str(ago(NOW - timedelta(hours=2))) == (
            '<time datetime="2026-04-02T14:00:00+08:00" title="2026-04-02 14:00">2 hours ago</time>'
        )
        assert ago(None) == "–"
