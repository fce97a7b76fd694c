"""The embedded broker's files: complete or absent, and never the end of a worker."""

from __future__ import annotations

from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection
from kombu.transport import get_transport_cls

from config import broker


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "messages").mkdir()
    return tmp_path


@pytest.fixture
def channel(folder: Path) -> Any:
    options = {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "control_folder": str(folder / "control"),
    }
    with Connection("filesystem://localhost", transport_options=options) as connection:
        yield connection.channel()


def test_the_portal_uses_its_own_transport() -> None:
    assert get_transport_cls("filesystem") is broker.Transport


def test_a_message_comes_back_as_it_was_sent(channel: Any) -> None:
    channel._put("celery", {"task": "score", "id": 7})
    assert channel._get("celery") == {"task": "score", "id": 7}
    with pytest.raises(Empty):
        channel._get("celery")


def test_a_message_never_stands_under_its_name_before_it_is_complete(
    channel: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    replace = Path.replace

    def look_and_replace(draft: Path, target: Path) -> Path:
        seen.append([path.name for path in (folder / "messages").glob("*.celery.msg")])
        return replace(draft, target)

    monkeypatch.setattr(Path, "replace", look_and_replace)
    channel._put("celery", {"id": 1})
    assert seen == [[]]


@pytest.mark.parametrize("content", ["", '{"half": '])
def test_an_unreadable_message_is_dropped_and_the_next_one_is_read(channel: Any, folder: Path, content: str) -> None:
    (folder / "messages" / "0_broken.celery.msg").write_text(content)
    channel._put("celery", {"id": 2})
    with pytest.raises(Empty):
        channel._get("celery")
    assert channel._get("celery") == {"id": 2}
