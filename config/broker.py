"""The embedded broker: kombu's files, written so that nobody ever reads half of one.

Kombu opens a message under its final name and writes it afterwards; a consumer that comes in between finds an
empty file and ends the whole worker. Here a message appears complete or not at all, and an unreadable one is
dropped: the rows in the database say what is to be done, and the sweep rings again.
"""

import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

import structlog
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

READS_OF_A_TABLE = 20
PAUSE_SECONDS = 0.01

log = structlog.get_logger(__name__)


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **options: Any) -> None:  # type: ignore[override]  # kombu's parents disagree on a name
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        draft = folder / f".{name}.part"
        draft.write_text(dumps(payload), encoding="utf-8")
        draft.replace(folder / name)

    def _get(self, queue: str, timeout: Any = None) -> Any:
        try:
            return super()._get(queue)
        except ValueError as error:
            log.warning("unreadable_message_dropped", queue=queue, error=str(error))
            raise Empty from error

    def get_table(self, exchange: str) -> Any:
        """Read who listens; another process may be writing the table at this moment."""
        for _ in range(READS_OF_A_TABLE):
            try:
                return super().get_table(exchange)
            except ValueError:
                time.sleep(PAUSE_SECONDS)
        return super().get_table(exchange)


class Transport(filesystem.Transport):
    Channel = Channel


def install() -> None:
    """Let ``filesystem://`` mean this transport in this process."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
