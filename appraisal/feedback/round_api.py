"""REST over rounds of 360° feedback: the same actions and the same views as the pages."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.cycles.access import get_cycle_to_run
from appraisal.feedback import access, actions, nominations, queries, raters
from appraisal.feedback.forms import find_rater
from appraisal.feedback.models import FeedbackRound, Group, RequestState
from appraisal.feedback.resending import send_link_again
from appraisal.feedback.round_serializers import (
    FeedbackContactSerializer,
    FeedbackDecisionSerializer,
    FeedbackJobSerializer,
    FeedbackRaterSerializer,
    FeedbackRequestSerializer,
    FeedbackResultSerializer,
    FeedbackRoundSerializer,
    LeniencySerializer,
)
from engineers.access import is_hr, require_hr
from engineers.refusals import refusal
from engineers.requests import viewer_of

ENGINEER = OpenApiParameter("engineer_id", OpenApiTypes.INT, OpenApiParameter.PATH)


class FeedbackRoundViewSet(viewsets.GenericViewSet[FeedbackRound]):
    """The 360° feedback of a cycle."""

    queryset = FeedbackRound.objects.none()
    serializer_class = FeedbackRoundSerializer
    lookup_field = "code"
    lookup_value_regex = r"[-\w]+"

    def get_queryset(self) -> QuerySet[FeedbackRound]:
        return FeedbackRound.objects.none()

    def retrieve(self, request: Request, code: str) -> Response:
        feedback = access.get_round_to_read(viewer=viewer_of(request), code=code)
        return _round_answer(feedback)

    def update(self, request: Request, code: str) -> Response:
        """Plan the feedback of a cycle, or change it; rules that are left out stay as they are."""
        require_hr(viewer_of(request))
        form = FeedbackRoundSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            feedback = _save_round(request, code, form.validated_data)
        except ValidationError as error:
            return refusal(error)
        return _round_answer(feedback)

    def destroy(self, request: Request, code: str) -> Response:
        """Take a round back that nobody has answered yet."""
        viewer = viewer_of(request)
        feedback = access.get_round_to_run(viewer=viewer, code=code)
        try:
            actions.withdraw_round(round_id=feedback.pk, by=viewer, now=timezone.now())
        except ValidationError as error:
            return refusal(error)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses={202: FeedbackJobSerializer})
    @action(detail=True, methods=["post"])
    def nominate(self, request: Request, code: str) -> Response:
        """Nominate raters by rule, in the background."""
        return _start(request, code, actions.nominate_all)

    @extend_schema(request=None, responses={202: FeedbackJobSerializer})
    @action(detail=True, methods=["post"])
    def remind(self, request: Request, code: str) -> Response:
        """Remind those who have not answered, in the background."""
        return _start(request, code, actions.remind_raters)

    @extend_schema(request=None, responses={202: FeedbackJobSerializer})
    @action(detail=True, methods=["post"])
    def invite(self, request: Request, code: str) -> Response:
        """Send customers their links, in the background."""
        origin = settings.PORTAL_URL or request.build_absolute_uri("/")
        return _start(request, code, actions.send_invitations, origin=origin)

    @extend_schema(request=None, responses={202: FeedbackJobSerializer})
    @action(detail=True, methods=["post"], url_path="remind-customers")
    def remind_customers(self, request: Request, code: str) -> Response:
        """Remind customers who were invited and have not answered, each once, in the background."""
        origin = settings.PORTAL_URL or request.build_absolute_uri("/")
        return _start(request, code, actions.remind_customers, origin=origin)

    @extend_schema(request=None, responses={202: FeedbackJobSerializer})
    @action(detail=True, methods=["post"])
    def release(self, request: Request, code: str) -> Response:
        """Publish what may be shown, once, in the background."""
        return _start(request, code, actions.release_round)

    @extend_schema(request=FeedbackContactSerializer(many=True), responses={200: OpenApiTypes.OBJECT})
    @action(detail=True, methods=["post"])
    def customers(self, request: Request, code: str) -> Response:
        """Ask customers: all of them or none."""
        feedback = access.get_round_to_run(viewer=viewer_of(request), code=code)
        form = FeedbackContactSerializer(data=request.data, many=True)
        form.is_valid(raise_exception=True)
        contacts = [
            nominations.Contact(**entry, row=number) for number, entry in enumerate(form.validated_data, start=1)
        ]
        try:
            added = nominations.add_contacts(
                round_id=feedback.pk, contacts=contacts, by=viewer_of(request), now=timezone.now()
            )
        except ValidationError as error:
            return refusal(error)
        return Response({"added": added})

    @extend_schema(
        request=None, responses={204: None}, parameters=[OpenApiParameter("request_id", int, OpenApiParameter.PATH)]
    )
    @action(detail=True, methods=["post"], url_path=r"customers/(?P<request_id>\d{1,18})/link", url_name="link")
    def link(self, request: Request, code: str, request_id: str) -> Response:
        """Send one customer a new link; the old one stops working."""
        origin = settings.PORTAL_URL or request.build_absolute_uri("/")
        try:
            send_link_again(
                code=code, request_id=int(request_id), origin=origin, by=viewer_of(request), now=timezone.now()
            )
        except ValidationError as error:
            return refusal(error)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        responses=FeedbackRequestSerializer(many=True),
        parameters=[
            OpenApiParameter("state", str, enum=RequestState.values),
            OpenApiParameter("group", str, enum=Group.values),
        ],
    )
    @action(detail=True, methods=["get"])
    def requests(self, request: Request, code: str) -> Response:
        """Everybody who is asked, with who has answered: for HR only."""
        viewer, asked = viewer_of(request), request.query_params
        feedback = access.get_round_to_run(viewer=viewer, code=code)
        listed = access.listed_requests(viewer, feedback)
        found = raters.narrowed(listed, state=asked.get("state", ""), group=asked.get("group", ""))
        page = self.paginate_queryset(found)  # type: ignore[arg-type]
        shown = raters.view_raters(page or [], decides=False, sees_answered=True)  # type: ignore[arg-type]
        return self.get_paginated_response(FeedbackRequestSerializer(shown, many=True).data)

    @extend_schema(responses=LeniencySerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def leniency(self, request: Request, code: str) -> Response:
        """How much each superior with five or more engineers gives; empty before the release."""
        feedback = access.get_round_to_read(viewer=viewer_of(request), code=code)
        return Response(LeniencySerializer(queries.list_leniencies(feedback), many=True).data)

    @extend_schema(responses=FeedbackResultSerializer(many=True))
    @action(detail=True, methods=["get"])
    def results(self, request: Request, code: str) -> Response:
        """The released aggregates of everybody; empty before the release."""
        viewer = viewer_of(request)
        feedback = access.get_round_to_read(viewer=viewer, code=code)
        page = self.paginate_queryset(access.visible_results(viewer, feedback).order_by("ratee__employee_no"))  # type: ignore[arg-type]
        shown = queries.view_results(feedback, page or [])  # type: ignore[arg-type]
        return self.get_paginated_response(FeedbackResultSerializer(shown, many=True).data)

    @extend_schema(parameters=[ENGINEER], responses=FeedbackResultSerializer)
    @action(detail=True, methods=["get"], url_path=r"people/(?P<engineer_id>\d{1,18})/result", url_name="result")
    def result(self, request: Request, code: str, engineer_id: str) -> Response:
        """One engineer's aggregates, once they may be seen."""
        viewer = viewer_of(request)
        feedback = access.get_round(viewer=viewer, code=code)
        found = access.get_result(viewer=viewer, feedback=feedback, engineer_id=int(engineer_id), now=timezone.now())
        shown = queries.view_results(feedback, [found])[0] if is_hr(viewer) else queries.view_result(found)
        return Response(FeedbackResultSerializer(shown).data)

    @extend_schema(methods=["get"], parameters=[ENGINEER], responses=FeedbackRaterSerializer(many=True), filters=False)
    @extend_schema(
        methods=["post"], parameters=[ENGINEER], request=FeedbackRaterSerializer, responses=FeedbackRaterSerializer
    )
    @action(
        detail=True,
        methods=["get", "post"],
        url_path=r"people/(?P<engineer_id>\d{1,18})/raters",
        url_name="raters",
        pagination_class=None,
    )
    def raters(self, request: Request, code: str, engineer_id: str) -> Response:
        """Who is asked about an engineer; POST proposes somebody by number, name or account."""
        viewer, now = viewer_of(request), timezone.now()
        feedback = access.get_round(viewer=viewer, code=code)
        about = {"viewer": viewer, "feedback": feedback, "engineer_id": int(engineer_id), "now": now}
        ratee = access.get_ratee_to_change(**about) if request.method == "POST" else access.get_ratee(**about)  # type: ignore[arg-type]
        if request.method == "POST":
            form = FeedbackRaterSerializer(data=request.data)
            form.is_valid(raise_exception=True)
            try:
                nominations.propose_rater(
                    round_id=feedback.pk,
                    engineer_id=ratee.pk,
                    group=form.validated_data["group"],
                    rater=find_rater(form.validated_data["rater"], viewer=viewer),
                    by=viewer,
                    now=now,
                )
            except ValidationError as error:
                return refusal(error)
        listed = raters.list_raters(viewer=viewer, feedback=feedback, ratee=ratee, now=now)
        if request.method == "POST":
            return Response(FeedbackRaterSerializer(listed, many=True).data, status=status.HTTP_201_CREATED)
        return Response(FeedbackRaterSerializer(listed, many=True).data)

    @extend_schema(
        parameters=[OpenApiParameter("request_id", OpenApiTypes.INT, OpenApiParameter.PATH)],
        request=FeedbackDecisionSerializer,
        responses={204: None},
    )
    @action(detail=True, methods=["post"], url_path=r"raters/(?P<request_id>\d{1,18})/decision", url_name="decision")
    def decision(self, request: Request, code: str, request_id: str) -> Response:
        """Approve or refuse a proposed rater."""
        viewer, now = viewer_of(request), timezone.now()
        feedback = access.get_round(viewer=viewer, code=code)
        access.get_request_to_decide(viewer=viewer, feedback=feedback, request_id=int(request_id), now=now)
        form = FeedbackDecisionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            nominations.decide_rater(
                round_id=feedback.pk, request_id=int(request_id), **form.validated_data, by=viewer, now=now
            )
        except ValidationError as error:
            return refusal(error)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _save_round(request: Request, code: str, data: dict[str, Any]) -> FeedbackRound:
    viewer, now = viewer_of(request), timezone.now()
    cycle = get_cycle_to_run(viewer=viewer, code=code)
    stored = FeedbackRound.objects.filter(cycle=cycle).first()
    rules = actions.rules_in_force(stored)
    for given in data.get("rules", []):
        rules[Group(given["group"])] = actions.RulesOfGroup(
            weight=given["weight"], fewest=given["fewest"], most=given["most"]
        )
    dates = {"opens_at": data["opens_at"], "closes_at": data["closes_at"]}
    if stored:
        return actions.change_round(round_id=stored.pk, **dates, rules=rules, by=viewer, now=now)
    return actions.create_round(cycle_id=cycle.pk, **dates, rules=rules, by=viewer, now=now)


def _round_answer(feedback: FeedbackRound) -> Response:
    data = {
        "cycle": feedback.cycle,
        "opens_at": feedback.opens_at,
        "closes_at": feedback.closes_at,
        "released_at": feedback.released_at,
        "rules": list(feedback.rules.order_by("group")),
    }
    return Response(FeedbackRoundSerializer(data).data)


def _start(request: Request, code: str, start: Any, **given: Any) -> Response:
    viewer = viewer_of(request)
    feedback = access.get_round_to_run(viewer=viewer, code=code)
    try:
        job = start(round_id=feedback.pk, by=viewer, now=timezone.now(), **given)
    except ValidationError as error:
        return refusal(error)
    return Response(FeedbackJobSerializer(job).data, status=status.HTTP_202_ACCEPTED)
