"""REST over the first page: what is asked of the reader."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.reports.home import Home, get_home
from engineers.requests import viewer_of


class TaskSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # a serializer has a label of its own
    path = serializers.CharField(help_text="The page on which it is done.")


class TasksSerializer(serializers.Serializer[Any]):
    tasks = TaskSerializer(many=True)


class HomeViewSet(viewsets.ViewSet):
    """What is asked of the reader, as the first page lists it."""

    @extend_schema(operation_id="home_list", responses={200: TasksSerializer})
    def list(self, request: Request) -> Response:
        """Self-reviews and reviews to write, reviews to approve, and what else is asked; the first few of each."""
        return Response({"tasks": tasks_of(get_home(viewer=viewer_of(request)))})


def tasks_of(home: Home) -> list[dict[str, str]]:
    """Return the tasks of the first page in words, with the page of each."""
    asked = [
        (_("Write your self-review of “%(cycle)s”"), "self_review", home.self_reviews),
        (_("Write the review of %(engineer)s in “%(cycle)s”"), "rate_review", home.to_rate),
        (_("Approve the review of %(engineer)s in “%(cycle)s”"), "rate_review", home.to_approve),
    ]
    return [
        {
            "label": text % {"engineer": review.engineer.name, "cycle": review.cycle.name},
            "path": reverse(page, args=[review.pk]),
        }
        for text, page, reviews in asked
        for review in reviews
    ] + [{"label": each.label, "path": each.address} for each in home.asked]
