"""REST over the manager's board, how one stands, and the search box: what the pages show, for who may see it there."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.cycles.models import Cycle
from appraisal.reports.board import Board, Row, get_board
from appraisal.reports.results import SORTS, ResultFilters
from appraisal.reports.search import Sought, search
from appraisal.reports.standing import Standing, get_standing
from appraisal.reviews import access
from appraisal.reviews.models import Review, ReviewState
from engineers.clock import organisation_today
from engineers.requests import viewer_of

PAGE = OpenApiParameter("page", int, description="From 1; beyond the last page: the last.")


class FigureField(serializers.DecimalField):
    """A figure as the page shows it: two decimals, as text."""

    def __init__(self, **given: Any) -> None:
        super().__init__(max_digits=9, decimal_places=2, allow_null=True, **given)


class CellSerializer(serializers.Serializer[Any]):
    kpi = serializers.CharField(source="name")
    line_id = serializers.IntegerField(allow_null=True, help_text="null: not in the scheme of this engineer.")
    points = FigureField()
    tone = serializers.ChoiceField(["good", "plain", "fair", "poor", "none"])
    change = FigureField(help_text="Points more or less than in the cycle of `earlier`.")
    reason = serializers.CharField(source="reason_label", help_text="Why there are no points.")
    cases = serializers.IntegerField(allow_null=True, help_text="How many cases count.")


class RowSerializer(serializers.Serializer[Row]):
    review = serializers.IntegerField(source="review.pk")
    employee_no = serializers.CharField(source="review.engineer.employee_no")
    name = serializers.CharField(source="review.engineer.name")
    state = serializers.CharField(source="review.state")
    overall = FigureField(source="review.overall")
    grade = serializers.CharField(source="review.grade")
    change = FigureField()
    cells = CellSerializer(many=True)


class BandSerializer(serializers.Serializer[Any]):
    grade = serializers.CharField()
    lower = FigureField()
    tone = serializers.CharField()


class BoardSerializer(serializers.Serializer[Board]):
    count = serializers.IntegerField(source="page.paginator.count")
    page = serializers.IntegerField(source="page.number")
    pages = serializers.IntegerField(source="page.paginator.num_pages")
    earlier = serializers.CharField(source="earlier.code", default=None, allow_null=True)
    bands = serializers.SerializerMethodField()
    rows = RowSerializer(many=True)

    @extend_schema_field(BandSerializer(many=True))
    def get_bands(self, board: Board) -> list[dict[str, Any]]:
        named = [{"grade": grade, "lower": lower, "tone": tone} for grade, lower, tone in board.bands]
        return list(BandSerializer(named, many=True).data)


class CycleBoardViewSet(viewsets.ViewSet):
    """The board of a cycle: engineers × KPIs, of the teams the reader answers for."""

    @extend_schema(
        operation_id="cycle_board",
        parameters=[
            OpenApiParameter("q", str, description="How a number or name goes."),
            OpenApiParameter("state", str, enum=ReviewState.values),
            OpenApiParameter("sort", str, enum=[*SORTS, *(f"-{name}" for name in SORTS)]),
            PAGE,
        ],
        responses={200: BoardSerializer},
    )
    def list(self, request: Request, code: str) -> Response:
        """Return a page of the board; 404 for who has no team in this cycle."""
        viewer = viewer_of(request)
        cycle = Cycle.objects.filter(pk__in=access.team_reviews(viewer).values("cycle"), code=code).first()
        if cycle is None:
            raise Http404
        filters = ResultFilters.of(request.query_params.dict(), sort="-overall")
        board = get_board(viewer=viewer, cycle=cycle, filters=filters, page=request.query_params.get("page"))
        return Response(BoardSerializer(board).data)


class StandingReviewSerializer(serializers.Serializer[Review]):
    id = serializers.IntegerField()
    cycle = serializers.CharField(source="cycle.code")


class LastReviewSerializer(StandingReviewSerializer):
    overall = FigureField()
    grade = serializers.CharField()


class MoveSerializer(serializers.Serializer[Any]):
    line_id = serializers.IntegerField()
    kpi = serializers.CharField(source="name")
    before = FigureField()
    points = FigureField()
    effect = FigureField(help_text="What that makes of the overall.")
    cases = serializers.IntegerField(allow_null=True, help_text="Cases more than then.")


class WeekSerializer(serializers.Serializer[Any]):
    day = serializers.DateField(help_text="The day whose figures are compared with.")
    before = FigureField()
    change = FigureField()
    moves = MoveSerializer(many=True)


class LiftSerializer(serializers.Serializer[Any]):
    line_id = serializers.IntegerField()
    kpi = serializers.CharField(source="name")
    value = FigureField()
    needed = FigureField()
    cases = serializers.IntegerField(allow_null=True, help_text="Further cases; null: value and needed are points.")
    met_is_good = serializers.BooleanField()


class StandingSerializer(serializers.Serializer[Standing]):
    review = StandingReviewSerializer(allow_null=True)
    overall = FigureField()
    grade = serializers.CharField(allow_blank=True)
    rating_shown = serializers.BooleanField(help_text="False: without the manager's part.")
    last = LastReviewSerializer(allow_null=True)
    change = FigureField()
    moves = MoveSerializer(many=True, help_text="Since the last published cycle.")
    week = WeekSerializer(allow_null=True)
    next_grade = serializers.CharField(allow_blank=True)
    lifts = LiftSerializer(many=True)


class StandingAnswerSerializer(serializers.Serializer[Any]):
    standing = StandingSerializer(allow_null=True)


class StandingViewSet(viewsets.ViewSet):
    """How the reader stands, as the first page says it."""

    @extend_schema(operation_id="standing", responses={200: StandingAnswerSerializer})
    def list(self, request: Request) -> Response:
        """Return this cycle and the last, what moved it, and what would lift it; null for who is in no cycle."""
        standing = get_standing(viewer=viewer_of(request), now=timezone.now())
        return Response({"standing": StandingSerializer(standing).data if standing else None})


class HitSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name, not the own label
    hint = serializers.CharField(allow_blank=True)
    path = serializers.CharField(
        source="address", allow_blank=True, help_text="The page; empty: there is none to see."
    )


class FoundSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="`people` or `tickets`: what the hits are.")
    people = serializers.IntegerField()
    tickets = serializers.IntegerField()
    is_cut = serializers.BooleanField(help_text="More begin so than are looked at.")
    page = serializers.IntegerField(source="page.number")
    pages = serializers.IntegerField(source="page.paginator.num_pages")
    hits = HitSerializer(source="page.object_list", many=True)


class SearchViewSet(viewsets.ViewSet):
    """The search box: people by number or name, tickets by number, by how they begin."""

    @extend_schema(
        operation_id="search",
        parameters=[
            OpenApiParameter("q", str, required=True),
            OpenApiParameter("kind", str, enum=Sought.values),
            PAGE,
        ],
        responses={200: FoundSerializer},
    )
    def list(self, request: Request) -> Response:
        """Return a page of what begins with a text, of what the reader may see."""
        asked = request.query_params
        found = search(
            viewer=viewer_of(request),
            text=asked.get("q", ""),
            kind=asked.get("kind", ""),
            page=asked.get("page"),
            on=organisation_today(),
        )
        return Response(FoundSerializer(found).data)
