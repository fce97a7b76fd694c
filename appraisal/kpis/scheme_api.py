"""REST over schemes: read, draft, shape, activate, throw away, load from a file."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.kpis import access, actions, files
from appraisal.kpis.drafts import DraftShape, LineShape, shape_draft
from appraisal.kpis.models import Dimension, LineRole, Scheme, SchemeLine, SchemeState, SchemeVersion
from engineers.refusals import refusal
from engineers.requests import viewer_of

LIMITS = ("grade_bands", "rated_from_percent", "bonus_cap", "ceiling", "distribution")
NUMBER = r"(?P<number>\d{1,9})"
KEY = r"(?P<key>\d{1,18})"
WEIGHTS: dict[str, Any] = {"max_digits": 5, "decimal_places": 2, "min_value": Decimal(0), "max_value": Decimal(100)}


class VersionSerializer(serializers.ModelSerializer[SchemeVersion]):
    class Meta:
        model = SchemeVersion
        fields = ("number", "state", "activated_at")


class SchemeSerializer(serializers.ModelSerializer[Scheme]):
    versions = VersionSerializer(many=True)

    class Meta:
        model = Scheme
        fields = ("code", "name_zh", "name_en", "versions")


class NewSchemeSerializer(serializers.Serializer[Any]):
    code = serializers.SlugField(max_length=60)
    name_zh = serializers.CharField(max_length=100)
    name_en = serializers.CharField(max_length=100)
    copy_of = serializers.SlugField(required=False, default="", help_text="A scheme with a version in force.")


class LineSerializer(serializers.ModelSerializer[SchemeLine]):
    kpi = serializers.CharField(source="kpi_version.kpi.code", read_only=True)
    kpi_version = serializers.IntegerField(source="kpi_version.number", read_only=True)

    class Meta:
        model = SchemeLine
        fields = ("id", "kpi", "kpi_version", "weight", "role", "leads_only")


class DimensionSerializer(serializers.ModelSerializer[Dimension]):
    lines = LineSerializer(many=True, read_only=True)

    class Meta:
        model = Dimension
        fields = ("id", "code", "name_zh", "name_en", "lines")


class DraftSerializer(serializers.ModelSerializer[SchemeVersion]):
    dimensions = DimensionSerializer(many=True)

    class Meta:
        model = SchemeVersion
        fields = (
            *("number", "state", "grade_bands", "rated_from_percent", "bonus_cap", "ceiling", "distribution"),
            "dimensions",
        )


class ShapedLineSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    weight = serializers.DecimalField(**WEIGHTS)
    role = serializers.ChoiceField(choices=LineRole.choices, default=LineRole.WEIGHED)
    leads_only = serializers.BooleanField(default=False)


class ShapedDimensionSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name_zh = serializers.CharField(max_length=100)
    name_en = serializers.CharField(max_length=100)


class ShapeSerializer(serializers.Serializer[Any]):
    """What is not sent stays as it is."""

    lines = ShapedLineSerializer(many=True, default=list)
    dimensions = ShapedDimensionSerializer(many=True, default=list)
    grade_bands = serializers.JSONField(required=False, help_text="[[grade, lower bound], …]")
    rated_from_percent = serializers.IntegerField(min_value=0, max_value=100, required=False)
    bonus_cap = serializers.DecimalField(max_digits=6, decimal_places=2, min_value=Decimal(0), required=False)
    ceiling = serializers.DecimalField(max_digits=6, decimal_places=2, min_value=Decimal(0), required=False)
    distribution = serializers.JSONField(required=False, help_text="As in a scheme file; {} for no wanted shares.")


class NewLineSerializer(serializers.Serializer[Any]):
    dimension = serializers.IntegerField(help_text="Its id.")
    kpi = serializers.CharField(max_length=60)
    weight = serializers.DecimalField(**WEIGHTS, default=Decimal(0))


class NewDimensionSerializer(serializers.Serializer[Any]):
    code = serializers.SlugField(max_length=60)
    name_zh = serializers.CharField(max_length=100)
    name_en = serializers.CharField(max_length=100)


class SchemeFileSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=1_000_000, trim_whitespace=False, help_text="A scheme file, in YAML.")


class SchemeViewSet(viewsets.GenericViewSet[Scheme]):
    """Schemes for those who read everything; HR drafts versions and puts them in force."""

    queryset = Scheme.objects.none()
    serializer_class = SchemeSerializer
    lookup_field = "code"
    lookup_value_regex = r"[-\w]+"

    @extend_schema(responses=SchemeSerializer(many=True))
    def list(self, request: Request) -> Response:
        access.require_reader(viewer_of(request))
        page = self.paginate_queryset(Scheme.objects.prefetch_related("versions").order_by("code"))
        return self.get_paginated_response(SchemeSerializer(page, many=True).data)

    def retrieve(self, request: Request, code: str) -> Response:
        return Response(SchemeSerializer(access.get_scheme(viewer=viewer_of(request), code=code)).data)

    @extend_schema(request=NewSchemeSerializer, responses={201: DraftSerializer})
    def create(self, request: Request) -> Response:
        """Create a scheme with a first draft, a copy of another one's version in force if asked for."""
        viewer = viewer_of(request)
        access.require_editor(viewer)
        form = NewSchemeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        told = dict(form.validated_data)
        name = told.pop("copy_of")
        source = None
        if name:
            versions = access.get_scheme(viewer=viewer, code=name).versions
            source = versions.filter(state=SchemeState.ACTIVE).first()
            if source is None:
                raise serializers.ValidationError(
                    {"copy_of": [_("There is no active scheme “%(code)s”.") % {"code": name}]}
                )
        try:
            draft = actions.create_scheme(**told, source=source, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(_told(draft), status=status.HTTP_201_CREATED)

    @extend_schema(request=SchemeFileSerializer, responses=VersionSerializer)
    @action(detail=False, methods=["post"])
    def load(self, request: Request) -> Response:
        """Read a scheme file and put it in force as a new version; an unchanged file changes nothing."""
        viewer = viewer_of(request)
        access.require_editor(viewer)
        form = SchemeFileSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            version = files.load_scheme(text=form.validated_data["text"], by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(VersionSerializer(version).data)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True, url_path=f"versions/{NUMBER}")
    def version(self, request: Request, code: str, number: str) -> Response:
        """What the file of a version says."""
        version = access.get_version(viewer=viewer_of(request), code=code, number=int(number))
        return Response(files.scheme_entry(version))

    @extend_schema(responses=DraftSerializer)
    @action(detail=True)
    def draft(self, request: Request, code: str) -> Response:
        return Response(_told(access.get_draft(viewer=viewer_of(request), code=code)))

    @extend_schema(request=None, responses=DraftSerializer)
    @draft.mapping.post
    def start_draft(self, request: Request, code: str) -> Response:
        """Return the draft; without one, copy the newest version into a new one."""
        viewer = viewer_of(request)
        scheme = access.get_scheme_to_edit(viewer=viewer, code=code)
        return Response(_told(actions.draft_scheme(scheme=scheme, by=viewer, now=timezone.now())))

    @extend_schema(request=ShapeSerializer, responses=DraftSerializer)
    @draft.mapping.put
    def put_draft(self, request: Request, code: str) -> Response:
        """Give a draft weights, roles, names, grades and limits; the weights need not add up yet."""
        form = ShapeSerializer(data=request.data)
        access.get_draft(viewer=viewer_of(request), code=code)
        form.is_valid(raise_exception=True)
        told = form.validated_data

        def shape(version: SchemeVersion, **given: Any) -> None:
            kept = {name: told.get(name, getattr(version, name)) for name in LIMITS}
            wanted = DraftShape(
                lines={
                    line["id"]: LineShape(weight=line["weight"], role=line["role"], leads_only=line["leads_only"])
                    for line in told["lines"]
                },
                names={each["id"]: (each["name_zh"], each["name_en"]) for each in told["dimensions"]},
                **kept,
            )
            shape_draft(version=version, shape=wanted, **given)

        return self._change(request, code, shape)

    @extend_schema(responses={204: None})
    @draft.mapping.delete
    def discard_draft(self, request: Request, code: str) -> Response:
        """Throw the draft away; a scheme that has nothing else goes with it."""
        viewer = viewer_of(request)
        draft = access.get_draft(viewer=viewer, code=code)
        actions.discard_draft(version=draft, by=viewer, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=VersionSerializer)
    @action(detail=True, methods=["post"], url_path="draft/activate")
    def activate(self, request: Request, code: str) -> Response:
        """Make the draft the version that new cycles use."""
        viewer = viewer_of(request)
        draft = access.get_draft(viewer=viewer, code=code)
        try:
            actions.activate_scheme(version=draft, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(VersionSerializer(access.get_version(viewer=viewer, code=code, number=draft.number)).data)

    @extend_schema(request=NewLineSerializer, responses=DraftSerializer)
    @action(detail=True, methods=["post"], url_path="draft/lines")
    def lines(self, request: Request, code: str) -> Response:
        """Put the newest version of a KPI into a dimension of the draft."""
        draft = access.get_draft(viewer=viewer_of(request), code=code)
        form = NewLineSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        told = form.validated_data
        kpi = access.get_kpi(viewer=viewer_of(request), code=told["kpi"])
        to = access.get_draft_dimension(draft=draft, dimension_id=told["dimension"])
        return self._change(
            request,
            code,
            lambda _draft, **given: actions.add_line(dimension=to, kpi=kpi, weight=told["weight"], **given),
        )

    @extend_schema(responses=DraftSerializer)
    @action(detail=True, methods=["delete"], url_path=f"draft/lines/{KEY}")
    def line(self, request: Request, code: str, key: str) -> Response:
        """Take a KPI out of the draft."""
        draft = access.get_draft(viewer=viewer_of(request), code=code)
        found = access.get_draft_line(draft=draft, line_id=int(key))
        return self._change(request, code, lambda _draft, **given: actions.remove_line(line=found, **given))

    @extend_schema(request=NewDimensionSerializer, responses=DraftSerializer)
    @action(detail=True, methods=["post"], url_path="draft/dimensions")
    def dimensions(self, request: Request, code: str) -> Response:
        """Add a dimension to the end of the draft."""
        access.get_draft(viewer=viewer_of(request), code=code)
        form = NewDimensionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return self._change(
            request, code, lambda draft, **given: actions.add_dimension(version=draft, **form.validated_data, **given)
        )

    @extend_schema(responses=DraftSerializer)
    @action(detail=True, methods=["delete"], url_path=f"draft/dimensions/{KEY}")
    def dimension(self, request: Request, code: str, key: str) -> Response:
        """Take an empty dimension out of the draft."""
        draft = access.get_draft(viewer=viewer_of(request), code=code)
        found = access.get_draft_dimension(draft=draft, dimension_id=int(key))
        return self._change(request, code, lambda _draft, **given: actions.remove_dimension(dimension=found, **given))

    def _change(self, request: Request, code: str, act: Callable[..., object]) -> Response:
        viewer = viewer_of(request)
        draft = access.get_draft(viewer=viewer, code=code)
        try:
            act(draft, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(_told(access.get_draft(viewer=viewer, code=code)))


def _told(draft: SchemeVersion) -> dict[str, Any]:
    """Return a draft with its dimensions and lines; a fixed number of queries."""
    prefetch_related_objects([draft], "dimensions__lines__kpi_version__kpi")
    return dict(DraftSerializer(draft).data)
