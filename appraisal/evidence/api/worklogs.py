"""REST over one's own work log, day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils import timezone
from django.utils.dateparse import parse_date
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.evidence import access
from appraisal.evidence.intake.fields import FIELDS
from appraisal.evidence.models import EvidenceKind
from appraisal.evidence.worklog_days import Day, DayState, get_day, home_days, list_days
from appraisal.evidence.worklogs import EARLIEST, DayConflict, DayRefused, Outcome, Writing, write_day
from engineers.requests import viewer_of

MOST_DAYS = 92
_FIELDS = FIELDS[EvidenceKind.WORKLOGS]


def _minutes() -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, max_value=1440, default=0)


def _text(name: str, **options: Any) -> serializers.CharField:
    return serializers.CharField(max_length=_FIELDS[name].longest, **options)


class WritingSerializer(serializers.Serializer[Any]):
    """A day as its engineer writes it."""

    key = serializers.UUIDField(help_text="Made by the device, once for each writing: sent again, it changes nothing.")
    day = serializers.DateField()
    work = _text("work")
    problems = _text("problems", allow_blank=True, default="")
    wrench_minutes = _minutes()
    travel_minutes = _minutes()
    other_minutes = _minutes()
    tickets = _text("tickets", allow_blank=True, default="")
    base = serializers.CharField(
        max_length=16, allow_blank=True, default="", help_text="The version that was seen; empty for no log."
    )
    device_at = serializers.DateTimeField(
        allow_null=True, default=None, help_text="When it was written, as the device says."
    )
    engineer = serializers.CharField(
        source="employee_no",
        max_length=100,
        allow_blank=True,
        default="",
        help_text="Employee number of the writer; another one's entry is refused.",
    )


class LogSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="pk")
    source = serializers.CharField()  # type: ignore[assignment]  # a field has a source of its own
    logged_at = serializers.DateTimeField(allow_null=True)
    logged_in_time = serializers.BooleanField(allow_null=True)
    work = serializers.CharField()
    problems = serializers.CharField()
    wrench_minutes = serializers.IntegerField()
    travel_minutes = serializers.IntegerField()
    other_minutes = serializers.IntegerField()
    tickets = serializers.CharField()


class DaySerializer(serializers.Serializer[Any]):
    day = serializers.DateField()
    state = serializers.ChoiceField(choices=DayState.values)
    label = serializers.CharField(source="state.label")  # type: ignore[assignment]  # likewise
    sign = serializers.CharField(help_text="Stands for the state where there is little room.")
    is_expected = serializers.BooleanField(help_text="A scheduled workday, not on leave.")
    is_makeup = serializers.BooleanField(help_text="A make-up workday.")
    leave = serializers.CharField()
    until = serializers.DateTimeField(help_text="Before it a log is in time and can be changed.")
    may_write = serializers.BooleanField()
    version = serializers.CharField(help_text="To be sent as base.")
    logs = LogSerializer(many=True)


class DaysSerializer(serializers.Serializer[Any]):
    engineer = serializers.CharField()
    name = serializers.CharField()
    today = serializers.DateField()
    days = DaySerializer(many=True)


class WrittenDaySerializer(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(choices=[outcome.value for outcome in Outcome])
    day = DaySerializer()


class RefusalSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="conflict: the day was changed elsewhere; other codes: why not.")
    detail = serializers.CharField()
    day = DaySerializer(required=False)


@dataclass(frozen=True, kw_only=True)
class _Span:
    engineer: str
    name: str
    today: date
    days: list[Day]


class WorkLogViewSet(viewsets.GenericViewSet[Any]):
    """One's own work log: what is expected of each day, what stands there, and writing it."""

    serializer_class = DaySerializer
    pagination_class = None
    filter_backends = ()
    lookup_field = "day"
    lookup_value_regex = r"\d{4}-\d{2}-\d{2}"

    @extend_schema(
        parameters=[
            OpenApiParameter("first", OpenApiTypes.DATE, description="First day; absent: 34 days before the last."),
            OpenApiParameter("last", OpenApiTypes.DATE, description="Last day, included; absent: today."),
        ],
        responses={200: DaysSerializer},
    )
    def list(self, request: Request) -> Response:
        """Days of one's own log, at most 92."""
        engineer = access.get_own_engineer(viewer_of(request))
        now = timezone.now()
        today = home_days(engineer, [now.date()], now=now).zone_today
        last = _date(request, "last") or today
        first = _date(request, "first") or last - timedelta(days=34)
        if not timedelta(0) <= last - first < timedelta(days=MOST_DAYS) or not _is_near(first, last, today):
            raise serializers.ValidationError({"detail": f"Ask for 1 to {MOST_DAYS} days, until a year from now."})
        days = list_days(engineer=engineer, first_date=first, last_date=last, now=now)
        return Response(
            DaysSerializer(_Span(engineer=engineer.employee_no, name=engineer.name, today=today, days=days)).data
        )

    def retrieve(self, request: Request, day: str) -> Response:
        """One day."""
        engineer = access.get_own_engineer(viewer_of(request))
        asked, now = _day(day), timezone.now()
        if asked is None or not _is_near(asked, asked, now.date()):
            raise Http404
        return Response(DaySerializer(get_day(engineer=engineer, day=asked, now=now)).data)

    @extend_schema(
        request=WritingSerializer,
        responses={200: WrittenDaySerializer, 201: WrittenDaySerializer, 409: RefusalSerializer},
    )
    def create(self, request: Request) -> Response:
        """Write a day within its window; a conflict or a refusal answers 409 with the day as it stands."""
        viewer = viewer_of(request)
        engineer = access.get_own_engineer(viewer)
        form = WritingSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        writing, now = Writing(**form.validated_data), timezone.now()
        try:
            _log, outcome = write_day(writing=writing, by=viewer, now=now)
        except ValidationError as error:
            raise serializers.ValidationError(error.message_dict) from error
        except DayConflict:
            refusal = {
                "code": "conflict",
                "detail": "The day was changed elsewhere.",
                "day": self._day(engineer, writing),
            }
            return Response(refusal, status=status.HTTP_409_CONFLICT)
        except DayRefused as found:
            refusal = {"code": found.code, "detail": str(found)}
            return Response(refusal, status=status.HTTP_409_CONFLICT)
        made = status.HTTP_201_CREATED if outcome is Outcome.CREATED else status.HTTP_200_OK
        return Response({"outcome": outcome.value, "day": self._day(engineer, writing)}, status=made)

    def _day(self, engineer: Any, writing: Writing) -> dict[str, Any]:
        return dict(DaySerializer(get_day(engineer=engineer, day=writing.day, now=timezone.now())).data)


def _is_near(first: date, last: date, today: date) -> bool:
    return first >= EARLIEST and last <= today + timedelta(days=366)


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _date(request: Request, name: str) -> date | None:
    text = request.query_params.get(name)
    if not text:
        return None
    day = _day(text)
    if day is None:
        raise serializers.ValidationError({name: "Write a day as 2026-03-02."})
    return day
