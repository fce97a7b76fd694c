from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """What an action refuses is read in English here, whatever the catalogue holds."""
    with translation.override("en"):
        yield
