"""Every picture of the guide can still be taken: its account may open the page, its journey works, it shows something.

Nothing is stored; ``make pictures`` stores them.
"""

from __future__ import annotations

import struct

import pytest

from appraisal.guide.pages import DENSITY
from tests.e2e.conftest import Site
from tests.e2e.places import places
from tests.guide.camera import Camera
from tests.guide.shots import SHOTS, Shot

pytestmark = pytest.mark.browser
LEAST = 150


@pytest.fixture(scope="module")
def camera(site: Site) -> Camera:
    return Camera(site.browser, site.address, "en", places(site))


@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
def test_a_picture_can_still_be_taken(camera: Camera, shot: Shot) -> None:
    picture = camera.take(shot)
    width, height = (pixels / DENSITY for pixels in struct.unpack(">16x2I", picture[:24]))
    assert LEAST < width <= shot.width + 1
    assert LEAST < height <= shot.tall + 1
    assert camera.errors == []
