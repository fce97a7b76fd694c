"""How REST doors answer what an action refuses."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from rest_framework import status
from rest_framework.response import Response


def refusal(error: ValidationError) -> Response:
    """Return 409 with the reasons, by field where they are about one."""
    detail: Any = error.message_dict if hasattr(error, "error_dict") else {"detail": " ".join(error.messages)}
    return Response(detail, status=status.HTTP_409_CONFLICT)
