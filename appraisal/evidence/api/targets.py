"""REST over the promises in force."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.evidence import access, targets
from appraisal.evidence.models import Target
from engineers.access import require_hr
from engineers.requests import viewer_of


class TargetSerializer(serializers.ModelSerializer[Target]):
    class Meta:
        model = Target
        fields = ("id", *targets.FIELDS)
        # The model's own rules and sentences, on the page and here.
        validators: list[object] = []


class TargetViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Target]):
    """Targets of response, arrival, resolution, follow-up and reports; HR adds one, or takes one away."""

    queryset = Target.objects.none()
    serializer_class = TargetSerializer
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Target]:
        return access.visible_targets(viewer_of(self.request))

    @extend_schema(responses={201: TargetSerializer})
    def create(self, request: Request) -> Response:
        """Put a target in force from a day on; the figures it decides are computed anew in the background."""
        viewer = viewer_of(request)
        require_hr(viewer)
        form = TargetSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        target = Target(**form.validated_data)
        try:
            targets.add_target(target=target, by=viewer, now=timezone.now())
        except ValidationError as error:
            raise serializers.ValidationError(error.message_dict) from error
        return Response(TargetSerializer(target).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take a target away; the figures it decided are computed anew in the background."""
        viewer = viewer_of(request)
        require_hr(viewer)
        target = access.visible_targets(viewer).filter(pk=int(pk)).first()
        if target is None:
            raise Http404
        targets.remove_target(target=target, by=viewer, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
