"""Files as doors of the REST API: the page's own view decides who gets what, and leaves the same trace."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request


def file_door(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Return a door that answers POST with the file of a view, whose filters stand in the address."""

    def door(request: Request, **options: str) -> HttpResponseBase:
        return view(request._request, **options)

    door.__name__, door.__doc__ = f"{view.__module__}.{view.__name__}".replace(".", "_"), view.__doc__
    schema = extend_schema(request=None, responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    return schema(api_view(["POST"])(door))
