"""What the page of an import claims about what was stored."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from appraisal.evidence.intake.errors import FileRefused
from appraisal.evidence.models import ImportState
from tests.world import build_world

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("stored", "says_nothing_was"), [(0, True), (5, False)])
def test_a_refused_import_says_nothing_was_stored_only_when_that_is_so(stored: int, says_nothing_was: bool) -> None:
    world = build_world()
    job = world.evidence_import
    job.state, job.refusal, job.records_done = ImportState.REFUSED, FileRefused("failed").as_stored(), stored
    job.save()
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users["HR"])
    page = client.get(reverse("import_detail", args=[job.pk])).content.decode()
    assert ("Nothing has been stored." in page) is says_nothing_was
