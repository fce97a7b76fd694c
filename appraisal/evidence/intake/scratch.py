"""Folders that files are unpacked and staged in while they are read."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.conf import settings

PREFIX = "intake-"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Lend a folder on the disk that uploads go to, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        yield Path(folder)


def remove_leftovers(now: datetime) -> None:
    """Remove what killed imports left behind; whatever is a day old is nobody's any more."""
    for folder in Path(settings.FILE_UPLOAD_TEMP_DIR).glob(f"{PREFIX}*"):
        if folder.is_dir() and now.timestamp() - folder.stat().st_mtime > 24 * 3600:
            shutil.rmtree(folder, ignore_errors=True)
