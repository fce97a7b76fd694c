"""REST over records: the same for every kind, made from the declaration of its fields."""

from __future__ import annotations

import codecs
import json
from typing import IO, Any, ClassVar

from django.db.models import BooleanField, DateTimeField, Field, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.exceptions import ParseError
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from appraisal.evidence import access, records
from appraisal.evidence.intake.fields import LABELS, SOURCE_LENGTH, FieldType, TargetField
from appraisal.evidence.kinds import KINDS, PEOPLE, Kind, model_field
from appraisal.evidence.models import Record
from appraisal.evidence.queries import CappedPaginator, filter_records
from appraisal.evidence.record_forms import RecordFilterForm
from engineers.access import reads_everything, require_hr
from engineers.clock import organisation_today
from engineers.requests import viewer_of

# The schema is made once, before anybody's language is known.
FILTERS = {
    "engineer": "Part of the number or name of the engineer.",
    "q": "Part of the number, or of a text of the record.",
    "first": "First day, included.",
    "last": "Last day, included.",
}


class ExactJSONParser(JSONParser):
    """Leaves decimal numbers as they are written: a binary fraction would not be what was sent."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return json.load(codecs.getreader("utf-8")(stream), parse_float=str, parse_constant=str)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"JSON parse error - {error}") from error


class CappedPages(PageNumberPagination):
    django_paginator_class = CappedPaginator


class WrittenSerializer(serializers.Serializer[records.Written]):
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    ids = serializers.ListField(child=serializers.IntegerField(), help_text="The records, in the order of the rows.")


class RowProblemSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(help_text="The first row is 1.")
    field = serializers.CharField()
    value = serializers.CharField()
    reason = serializers.CharField()
    text = serializers.CharField()


class RowProblemsSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField(required=False)
    problems = RowProblemSerializer(many=True, required=False)


class WithdrawalSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=2000)


class RecordViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Record]):
    """Records of one kind that the account may see; HR writes and withdraws them."""

    kind: ClassVar[Kind]
    parser_classes = (ExactJSONParser,)
    pagination_class = CappedPages
    filter_backends = ()
    lookup_value_regex = r"\d+"

    def get_queryset(self) -> QuerySet[Record]:
        found = access.visible_records(viewer_of(self.request), self.kind, on=organisation_today())
        form = RecordFilterForm(self.request.query_params)
        if not form.is_valid():
            raise serializers.ValidationError(form.errors.get_json_data())
        return filter_records(found, self.kind, **form.cleaned_data)

    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        viewer = getattr(self.request, "user", None)
        hides = viewer is not None and viewer.is_authenticated and not reads_everything(viewer)
        return {**context, "hides_anonymous": hides}

    def create(self, request: Request) -> Response:
        """Insert or update by source and number: one row or up to 500, all of them or none."""
        viewer = viewer_of(request)
        require_hr(viewer)
        rows = request.data if isinstance(request.data, list) else [request.data]
        if not rows or not all(isinstance(row, dict) for row in rows):
            raise serializers.ValidationError({"detail": "Send one object, or a list of objects."})
        if len(rows) > records.MOST_ROWS:
            raise serializers.ValidationError({"detail": f"Send at most {records.MOST_ROWS} rows at once."})
        try:
            written = records.write_rows(kind=self.kind.code, rows=rows, by=viewer, now=timezone.now())
        except records.RowsRefused as refusal:
            problems = RowProblemSerializer(list(refusal.problems), many=True).data
            return Response({"problems": problems}, status=status.HTTP_400_BAD_REQUEST)
        return Response(WrittenSerializer(written).data)

    def destroy(self, request: Request, pk: str) -> Response:
        """Withdraw a record: it stays and counts nowhere. Needs a reason."""
        viewer = viewer_of(request)
        record = access.get_record_to_change(viewer=viewer, kind=self.kind, record_id=int(pk), on=organisation_today())
        sent = request.data if isinstance(request.data, dict) else {}
        form = WithdrawalSerializer(data={"reason": request.query_params.get("reason", ""), **sent})
        form.is_valid(raise_exception=True)
        try:
            records.withdraw_record(
                kind=self.kind.code,
                record_id=record.pk,
                reason=form.validated_data["reason"],
                by=viewer,
                now=timezone.now(),
            )
        except records.RecordRefused as refusal:
            raise serializers.ValidationError({"detail": str(refusal)}) from refusal
        return Response(status=status.HTTP_204_NO_CONTENT)


class _RecordSerializer(serializers.Serializer[Record]):
    """A record as it is stored. Whoever complains without a name is not named to the engineer either."""

    def to_representation(self, instance: Record) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if self.context.get("hides_anonymous") and getattr(instance, "is_anonymous", False):
            shown["customer"] = ""
        return shown


def register(router: SimpleRouter) -> None:
    """Add the addresses of every kind."""
    for kind in KINDS.values():
        router.register(f"evidence/{kind.code}", _viewset(kind), basename=f"evidence-{kind.code}")


def _viewset(kind: Kind) -> type[RecordViewSet]:
    """Return the viewset of a kind, with a schema of its own."""
    name = kind.model.__name__
    rows = type(f"{name}RowSerializer", (serializers.Serializer,), _row_fields(kind))
    members = {
        "kind": kind,
        "queryset": kind.model._default_manager.none(),
        "serializer_class": type(f"{name}Serializer", (_RecordSerializer,), _record_fields(kind)),
    }
    filters = [OpenApiParameter(name, str, description=meaning) for name, meaning in FILTERS.items()]
    refused = {400: RowProblemsSerializer}
    described = extend_schema_view(
        list=extend_schema(parameters=filters),
        create=extend_schema(request=rows(many=True), responses={200: WrittenSerializer} | refused),
        destroy=extend_schema(
            parameters=[OpenApiParameter("reason", str, required=True)], responses={204: None} | refused
        ),
    )
    viewset: type[RecordViewSet] = described(type(f"{name}ViewSet", (RecordViewSet,), members))
    return viewset


def _row_fields(kind: Kind) -> dict[str, serializers.Field]:
    """Return what may be sent of a record, for the schema: the intake checks it as it checks a file."""
    source = serializers.CharField(max_length=SOURCE_LENGTH, default=records.OWN_SOURCE)
    return {records.SOURCE: source} | {
        name: _api_field(target, required=target.required) for name, target in kind.fields.items()
    }


def _record_fields(kind: Kind) -> dict[str, serializers.Field]:
    fields: dict[str, serializers.Field] = {
        "id": serializers.IntegerField(source="pk"),
        records.SOURCE: serializers.CharField(),
    }
    for name, target in kind.fields.items():
        stored = {"source": kind.attribute(name)} if kind.attribute(name) != name else {}
        stored = {"source": f"{name}.employee_no"} if name in LABELS else stored
        fields[name] = _api_field(target, required=True, **stored)
    if kind.refers_to_ticket:
        fields["ticket_id"] = serializers.IntegerField(allow_null=True)
    if kind.refers_to_article:
        fields["article_id"] = serializers.IntegerField(allow_null=True)
    fields["anomalies"] = serializers.CharField(help_text="Codes of bad data, with commas between them.")
    for name in (name for name in kind.derived if name not in fields):
        fields[name] = _derived_field(kind, name)
    return fields


_TYPES: dict[FieldType, type[serializers.Field]] = {
    FieldType.INSTANT: serializers.DateTimeField,
    FieldType.DATE: serializers.DateField,
    FieldType.INTEGER: serializers.IntegerField,
    FieldType.HUNDREDTHS: serializers.IntegerField,
    FieldType.MILLIONTHS: serializers.IntegerField,
    FieldType.BOOLEAN: serializers.BooleanField,
}


def _api_field(target: TargetField, *, required: bool, **options: Any) -> serializers.Field:
    if target.choices:
        options["help_text"] = f"One of: {', '.join(sorted(str(choice) for choice in target.choices))}."
    nullable = not target.required and target.empty is None
    return _TYPES.get(target.type, serializers.CharField)(required=required, allow_null=nullable, **options)


_DERIVED: dict[type[Field], type[serializers.Field]] = {
    DateTimeField: serializers.DateTimeField,
    BooleanField: serializers.BooleanField,
}


def _derived_field(kind: Kind, name: str) -> serializers.Field:
    if name in PEOPLE:
        return serializers.CharField(source=f"{name}.employee_no", allow_null=True)
    attribute = kind.attribute(name)
    made = _DERIVED.get(type(model_field(kind.code, attribute)), serializers.IntegerField)
    # The framework refuses a source that only repeats the name.
    return made(allow_null=True) if attribute == name else made(allow_null=True, source=attribute)
