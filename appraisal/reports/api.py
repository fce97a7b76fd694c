"""REST over cycles and reviews: the same access, the same actions, the same scorecard as the pages."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from io import BytesIO
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import FileResponse, Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.cycles import access as cycle_access
from appraisal.cycles.actions import request_run
from appraisal.cycles.creation_api import CreatedCycleSerializer, CycleCreationSerializer, create_from
from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import get_latest_run, get_progress
from appraisal.reports.cases import COUNTED, LineCases, get_line_cases
from appraisal.reports.exports import line_entry, review_entry
from appraisal.reports.plain import plain_data
from appraisal.reports.printing import CONTENT_TYPE, print_scorecard
from appraisal.reports.quality import get_quality
from appraisal.reports.scorecards import get_scorecard
from appraisal.reviews import access
from appraisal.reviews.models import Review
from appraisal.reviews.rating import actions
from appraisal.reviews.rating.api import ScoresField
from appraisal.scoring.numbers import round_half_up
from engineers.access import require_hr, require_reader
from engineers.requests import number_in, viewer_of

LINE_PARAMETERS = [
    OpenApiParameter("line_id", int, OpenApiParameter.PATH),
    OpenApiParameter("segment", int, description="Number of a part of the cycle; 0 or absent: the whole of it."),
    OpenApiParameter("part", str, description="A part of a composed measure; absent: its first."),
    OpenApiParameter("show", str, enum=["counted", "left_out"]),
]


class PdfRenderer(JSONRenderer):
    """Lets a client ask for PDF; the answer is a file already, and what is rendered are refusals."""

    media_type = CONTENT_TYPE
    format = "pdf"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return super().render(data, JSONRenderer.media_type, renderer_context)


class RunSerializer(serializers.Serializer[Any]):
    run_id = serializers.IntegerField()
    state = serializers.CharField()
    engineers = serializers.IntegerField()
    chunks_total = serializers.IntegerField()
    chunks_done = serializers.IntegerField()
    as_of = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField()
    refreshed_at = serializers.DateTimeField(
        allow_null=True, help_text="When figures of single engineers were last computed anew after the run."
    )
    waiting = serializers.IntegerField(help_text="Engineers about whom there is newer evidence.")
    waits_whole = serializers.BooleanField(help_text="Something changed that concerns everybody.")


class CycleSerializer(serializers.ModelSerializer[Cycle]):
    class Meta:
        model = Cycle
        fields = ("code", "name", "start_date", "end_date", "time_zone", "state")


class CycleDetailSerializer(CycleSerializer):
    run = serializers.SerializerMethodField()

    class Meta:
        model = Cycle
        fields = ("code", "name", "start_date", "end_date", "time_zone", "state", "run")

    @extend_schema_field(RunSerializer(allow_null=True))
    def get_run(self, cycle: Cycle) -> dict[str, Any] | None:
        run = get_latest_run(cycle)
        return dict(RunSerializer(get_progress(run)).data) if run else None


class ReviewSerializer(serializers.ModelSerializer[Review]):
    cycle = serializers.CharField(source="cycle.code")
    employee_no = serializers.CharField(source="engineer.employee_no")
    name = serializers.CharField(source="engineer.name")
    team = serializers.CharField(source="team.name", default=None)

    class Meta:
        model = Review
        fields = ("id", "cycle", "employee_no", "name", "team", "state", "version", "figures_as_of")


class RatingSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(help_text="The version of the review that was read.")
    comment = serializers.CharField(allow_blank=True, max_length=4000)
    scores = ScoresField()
    segment = serializers.IntegerField(default=0, min_value=0, max_value=1000, help_text="Part of the cycle; 0: all.")
    note = serializers.CharField(required=False, allow_blank=True, max_length=4000, help_text="For managers only.")
    submit = serializers.BooleanField(default=False)


class StoredRatingSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(help_text="To be sent with changes.")
    segment = serializers.IntegerField()
    comment = serializers.CharField()
    scores = ScoresField()
    note = serializers.CharField(required=False, help_text="The rater's own; only for whom it is.")


class CycleViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Cycle]):
    """Cycles one may see; HR creates them and asks for a scoring."""

    queryset = Cycle.objects.none()
    serializer_class = CycleSerializer
    lookup_field = "code"

    def get_queryset(self) -> QuerySet[Cycle]:
        return cycle_access.visible_cycles(viewer_of(self.request))

    def get_serializer_class(self) -> type[CycleSerializer]:
        return CycleDetailSerializer if self.action == "retrieve" else CycleSerializer

    @extend_schema(request=CycleCreationSerializer, responses={201: CreatedCycleSerializer})
    def create(self, request: Request) -> Response:
        """Create a draft cycle; what is odd about it, though allowed, is told in ``warnings``."""
        viewer = viewer_of(request)
        require_hr(viewer)
        form = CycleCreationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            cycle, cautions = create_from(form.validated_data, by=viewer, now=timezone.now())
        except ValidationError as error:
            refused = error.message_dict if hasattr(error, "error_dict") else {"detail": " ".join(error.messages)}
            return Response(refused, status=status.HTTP_400_BAD_REQUEST)
        cycle.warnings = cautions  # type: ignore[attr-defined]  # for the answer
        return Response(CreatedCycleSerializer(cycle).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    @action(detail=True)
    def quality(self, request: Request, code: str) -> Response:
        """The quality of the data behind a cycle, for those who read everything."""
        viewer = viewer_of(request)
        require_reader(viewer)
        return Response(plain_data(get_quality(cycle_access.get_cycle(viewer=viewer, code=code))))

    @extend_schema(request=None, responses={202: RunSerializer})
    @action(detail=True, methods=["post"])
    def score(self, request: Request, code: str) -> Response:
        cycle = cycle_access.get_cycle_to_run(viewer=viewer_of(request), code=code)
        try:
            run = request_run(cycle_id=cycle.pk, by=viewer_of(request), now=timezone.now())
        except ValidationError as error:
            return Response({"detail": " ".join(error.messages)}, status=status.HTTP_409_CONFLICT)
        return Response(RunSerializer(get_progress(run)).data, status=status.HTTP_202_ACCEPTED)


class ReviewViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Review]):
    """Reviews one may see; one of them is its scorecard, as in the json export."""

    queryset = Review.objects.none()
    serializer_class = ReviewSerializer
    filterset_fields = {"cycle__code": ["exact"], "state": ["exact"]}
    lookup_value_regex = r"\d+"

    def get_queryset(self) -> QuerySet[Review]:
        reviews = access.visible_reviews(viewer_of(self.request))
        return reviews.select_related("cycle", "engineer", "team").order_by("pk")

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def retrieve(self, request: Request, pk: str) -> Response:
        card = get_scorecard(viewer=viewer_of(request), review_id=int(pk))
        entry = review_entry(card)
        for line, view in zip(entry["lines"], card.lines, strict=True):
            line["id"] = view.line_id  # for the address of its cases
        return Response(entry)

    @extend_schema(responses={(200, CONTENT_TYPE): OpenApiTypes.BINARY})
    @action(detail=True, url_path=r"scorecard\.pdf", renderer_classes=[JSONRenderer, PdfRenderer])
    def pdf(self, request: Request, pk: str) -> FileResponse:
        """The scorecard as a file to print, in the language of the request."""
        printed = print_scorecard(review_id=int(pk), by=viewer_of(request), now=timezone.now())
        return FileResponse(
            BytesIO(printed.content), as_attachment=True, filename=printed.name, content_type=CONTENT_TYPE
        )

    @extend_schema(parameters=LINE_PARAMETERS, responses={200: OpenApiTypes.OBJECT})
    @action(detail=True, url_path=r"lines/(?P<line_id>\d+)")
    def line(self, request: Request, pk: str, line_id: str) -> Response:
        """A line explained: how the value came about, how it became points, where its weight went."""
        found = _line_cases(request, pk, line_id)
        view = found.view
        return Response(
            line_entry(view)
            | {
                "id": view.line_id,
                "name": view.name,
                "nominal": plain_data(view.nominal),
                "received": plain_data(view.received),
                "received_from": plain_data(view.received_from),
                "extra": plain_data(view.extra),
                "is_manual": view.is_manual,
                "explanation": plain_data(found.explanation),
                "parts": plain_data(found.tabs),
                "counted": found.counted,
                "left_out": plain_data(found.left_out),
            }
        )

    @extend_schema(
        parameters=[*LINE_PARAMETERS, OpenApiParameter("page", int)],
        responses={200: OpenApiTypes.OBJECT},
    )
    @action(detail=True, url_path=r"lines/(?P<line_id>\d+)/cases")
    def cases(self, request: Request, pk: str, line_id: str) -> Response:
        """The cases of one part of a line: those that counted, or with ``show=left_out`` those that did not."""
        found = _line_cases(request, pk, line_id)
        return Response(
            {
                "explanation": list(found.explanation.sentences),
                "left_out": [str(rule) for rule in found.rules],
                "count": found.page.paginator.count if found.page else 0,
                "cases": [
                    {
                        "number": case.number,
                        "ticket_id": case.ticket_id,
                        "began_at": case.began_at,
                        "ended_at": case.ended_at,
                        "met": case.met,
                        "amount": None if case.amount is None else str(round_half_up(Fraction(case.amount))),
                        "kind": case.kind,
                        "record_id": case.record_id,
                        "own_minutes": case.own_minutes,
                        "all_minutes": case.all_minutes,
                        "rule": case.rule or None,
                        "rule_label": case.rule_label or None,
                        "facts": plain_data(case.facts),
                    }
                    for case in found.cases
                ],
                "part": found.part.name if found.part else None,
                "parts": plain_data(found.tabs),
                "show": found.show,
                "counted": found.counted,
                "rules": plain_data(found.left_out),
                "roster": plain_data(found.roster),
            }
        )

    @extend_schema(responses=StoredRatingSerializer, parameters=[OpenApiParameter("segment", int)])
    @action(detail=True)
    def rating(self, request: Request, pk: str) -> Response:
        """What is stored of the rating of a review, or of one part of the cycle; for whoever rates it."""
        viewer = viewer_of(request)
        review = access.get_review_to_rate(viewer=viewer, review_id=int(pk))
        number = number_in(request.query_params.get("segment", "")) or 0
        part = review.segments.filter(number=number).first() if number else None
        if number and part is None:
            raise Http404
        stored = review.ratings.filter(segment=number).order_by("kpi_version", "criterion")
        answer = {
            "version": review.version,
            "segment": number,
            "comment": (part or review).comment,
            "scores": {(each.kpi_version_id, each.criterion): each.score for each in stored},
        }
        if access.sees_note(viewer, review):
            answer["note"] = review.private_note
        return Response(StoredRatingSerializer(answer).data)

    @extend_schema(request=RatingSerializer, responses={200: ReviewSerializer})
    @rating.mapping.put
    def put_rating(self, request: Request, pk: str) -> Response:
        form = RatingSerializer(data=request.data)
        access.get_review_to_rate(viewer=viewer_of(request), review_id=int(pk))
        form.is_valid(raise_exception=True)
        entered = form.validated_data
        now = timezone.now()
        try:
            review = actions.save_rating(
                review_id=int(pk),
                version=entered["version"],
                scores=entered["scores"],
                comment=entered["comment"],
                segment=entered["segment"],
                note=entered.get("note"),
                by=viewer_of(request),
                now=now,
            )
            if entered["submit"]:
                review = actions.submit_review(
                    review_id=review.pk,
                    version=review.version,
                    segment=entered["segment"],
                    by=viewer_of(request),
                    now=now,
                )
        except actions.ReviewConflict as conflict:
            detail = {"detail": str(conflict), "version": conflict.current.version}
            return Response(detail, status=status.HTTP_409_CONFLICT)
        except ValidationError as error:
            return Response({"detail": " ".join(error.messages)}, status=status.HTTP_400_BAD_REQUEST)
        return Response(ReviewSerializer(review).data)


def _line_cases(request: Request, pk: str, line_id: str) -> LineCases:
    asked = request.query_params
    return get_line_cases(
        viewer=viewer_of(request),
        review_id=int(pk),
        line_id=int(line_id),
        page=number_in(asked.get("page", "")) or 1,
        part=asked.get("part", ""),
        show=asked.get("show", COUNTED),
        segment=number_in(asked.get("segment", "")) or 0,
    )
