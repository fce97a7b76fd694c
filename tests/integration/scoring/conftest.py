"""What the tests of scoring share."""

from pathlib import Path

import pytest

from engineers.models import Engineer
from tests.factories import EngineerFactory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the files lie that are imported and exported."""
    return tmp_path


@pytest.fixture
def engineer() -> Engineer:
    made: Engineer = EngineerFactory()
    return made
