"""REST over import presets."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.evidence import access, mappings
from appraisal.evidence.models import SavedPreset
from engineers.access import require_hr
from engineers.requests import viewer_of


class PresetSerializer(serializers.ModelSerializer[SavedPreset]):
    """``declaration`` is what the file of a shipped preset says, without code and title."""

    declaration = serializers.JSONField(source="content")

    class Meta:
        model = SavedPreset
        fields = ("code", "name", "version", "declaration", "saved_at")
        read_only_fields = ("code", "version", "saved_at")


class ImportPresetViewSet(viewsets.GenericViewSet[SavedPreset]):
    """How files are read: the presets HR saved, for those who read everything."""

    queryset = SavedPreset.objects.none()
    serializer_class = PresetSerializer
    lookup_field = "code"
    lookup_value_regex = r"[-\w]+"

    @extend_schema(responses=PresetSerializer(many=True))
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(access.visible_presets(viewer_of(request)))
        return self.get_paginated_response(PresetSerializer(page, many=True).data)

    def retrieve(self, request: Request, code: str) -> Response:
        return Response(PresetSerializer(access.get_preset(viewer=viewer_of(request), code=code)).data)

    @extend_schema(responses={201: PresetSerializer})
    def create(self, request: Request) -> Response:
        return self._save(request, "")

    def update(self, request: Request, code: str) -> Response:
        return self._save(request, code)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, code: str) -> Response:
        mappings.delete_preset(code=code, by=viewer_of(request), now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _save(self, request: Request, code: str) -> Response:
        viewer = viewer_of(request)
        require_hr(viewer)
        if code:
            access.get_preset_to_change(viewer=viewer, code=code)
        form = PresetSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        told: dict[str, Any] = form.validated_data
        try:
            preset = mappings.save_preset(
                code=code, name=told["name"], content=told["content"], by=viewer, now=timezone.now()
            )
        except ValidationError as error:
            raise serializers.ValidationError(error.message_dict) from error
        return Response(PresetSerializer(preset).data, status=status.HTTP_200_OK if code else status.HTTP_201_CREATED)
