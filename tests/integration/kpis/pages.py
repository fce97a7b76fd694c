"""What the tests of the pages of KPIs, schemes and cycles share."""

from django.urls import reverse

from appraisal.kpis.models import SchemeLine, SchemeState
from tests.factories import SchemeLineFactory


def shown(page) -> dict:
    """What a browser would send back of a page's form without touching it."""
    form = page.context["form"]
    return {field.html_name: value for field in form if (value := field.value()) not in (None, "", False, [])}


def draft_page(client, code: str, **changes) -> dict:
    """What is sent of a draft's page with some entries changed."""
    return shown(client.get(reverse("scheme_draft", args=[code]))) | changes


def draft_line(**given) -> SchemeLine:
    return SchemeLineFactory(dimension__version__state=SchemeState.DRAFT, **given)
