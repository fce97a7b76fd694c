"""REST over try-outs: the same question, the same figures as the page."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.reports.plain import plain_data
from appraisal.reports.tryouts.page import SHOWN, SORTS, PeopleFilters, ask, list_people
from engineers.requests import viewer_of

PARAMETERS = [
    OpenApiParameter("code", str, OpenApiParameter.PATH),
    OpenApiParameter("number", int, OpenApiParameter.PATH),
    OpenApiParameter("cycle", str, description="Code of the cycle; absent: the last one published."),
    OpenApiParameter("instead_of", str, description="Code of the scheme it takes the place of."),
    OpenApiParameter("base", str, description="Variable pay of a head at coefficient 1; absent: 1."),
    OpenApiParameter("c_S", str, description="Coefficient of the grade S; likewise c_A, c_B, …"),
    OpenApiParameter("show", str, enum=list(SHOWN)),
    OpenApiParameter("q", str, description="Part of an employee number or a name."),
    OpenApiParameter("before", str, description="Only people of this grade before."),
    OpenApiParameter("after", str, description="Only people of this grade after."),
    OpenApiParameter("sort", str, enum=[*SORTS, *(f"-{name}" for name in SORTS)]),
    OpenApiParameter("page", int),
]


class TryOutViewSet(viewsets.ViewSet):
    """A scheme version tried on a cycle; nothing is stored."""

    @extend_schema(operation_id="schemes_versions_tryout", parameters=PARAMETERS, responses={200: OpenApiTypes.OBJECT})
    def list(self, request: Request, code: str, number: str) -> Response:
        query = request.query_params.dict()
        asked = ask(viewer=viewer_of(request), code=code, number=int(number), asked=query, now=timezone.now())
        if asked.form and asked.form.errors:
            return Response(asked.form.errors, status=status.HTTP_400_BAD_REQUEST)
        about: dict[str, Any] = {
            "scheme": asked.version.scheme.code,
            "version": asked.version.number,
            "cycle": asked.cycle.code if asked.cycle else None,
        }
        if asked.outcome is None:
            return Response(about | {"outcome": None})
        outcome = asked.outcome
        people = list_people(outcome, PeopleFilters.of(query), query.get("page"))
        return Response(
            about
            | {
                "instead_of": asked.form.cleaned_data["instead_of"] if asked.form else None,
                "outcome": {
                    "moved": outcome.moved,
                    "risen": outcome.risen,
                    "fallen": outcome.fallen,
                    "before": plain_data(outcome.before),
                    "after": plain_data(outcome.after),
                    "grades": plain_data(outcome.grades),
                    "kpis": plain_data(outcome.kpis),
                    "missing": [kpi.code for kpi in outcome.missing],
                    "bonus": plain_data(outcome.bonus),
                    "bonus_before": plain_data(outcome.bonus_before),
                    "bonus_after": plain_data(outcome.bonus_after),
                },
                "count": people.paginator.count,
                "pages": people.paginator.num_pages,
                "people": [plain_data(person) | {"change": plain_data(person.change)} for person in people],
            }
        )
