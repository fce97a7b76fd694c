"""What REST says of a round of 360° feedback: its rules, who is asked, its aggregates."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers

from appraisal.feedback.models import Group, RequestState
from appraisal.jobs.models import Job


class GroupRuleSerializer(serializers.Serializer[Any]):
    group = serializers.ChoiceField(choices=Group.choices)
    weight = serializers.DecimalField(max_digits=6, decimal_places=2, min_value=0)
    fewest = serializers.IntegerField(min_value=1, max_value=50)
    most = serializers.IntegerField(min_value=0, max_value=100)


class FeedbackRoundSerializer(serializers.Serializer[Any]):
    cycle = serializers.CharField(source="cycle.code", read_only=True)
    opens_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField()
    released_at = serializers.DateTimeField(read_only=True, allow_null=True)
    rules = GroupRuleSerializer(many=True, required=False)


class FeedbackJobSerializer(serializers.ModelSerializer[Job]):
    class Meta:
        model = Job
        fields = ("id", "kind", "state")


class FeedbackRaterSerializer(serializers.Serializer[Any]):
    """Who is asked. Only HR is told who has answered; to all others that is still "approved"."""

    id = serializers.IntegerField(source="request_id", read_only=True)
    group = serializers.ChoiceField(choices=Group.choices)
    rater = serializers.CharField(max_length=100)
    state = serializers.ChoiceField(choices=RequestState.choices, read_only=True)
    reason = serializers.CharField(read_only=True)


class FeedbackRequestSerializer(FeedbackRaterSerializer):
    """Who is asked about whom, with who has answered."""

    engineer_id = serializers.IntegerField(source="ratee_id")
    engineer = serializers.CharField(source="ratee")
    invited_at = serializers.DateTimeField()
    reminded_at = serializers.DateTimeField()


class LeniencySerializer(serializers.Serializer[Any]):
    rater = serializers.CharField()
    n = serializers.IntegerField(help_text="Engineers this superior answered about.")
    mean = serializers.DecimalField(max_digits=5, decimal_places=2)
    overall_mean = serializers.DecimalField(max_digits=5, decimal_places=2)
    difference = serializers.DecimalField(max_digits=5, decimal_places=2)


class FeedbackDecisionSerializer(serializers.Serializer[Any]):
    approve = serializers.BooleanField()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=1000, default="")


class FeedbackContactSerializer(serializers.Serializer[Any]):
    employee_no = serializers.CharField(max_length=100)
    name = serializers.CharField(max_length=100, allow_blank=True, default="")
    address = serializers.EmailField()
    language = serializers.ChoiceField(choices=settings.LANGUAGES)


class FeedbackItemMeanSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    mean = serializers.DecimalField(max_digits=5, decimal_places=2)


class FeedbackGroupSerializer(serializers.Serializer[Any]):
    group = serializers.ChoiceField(choices=Group.choices)
    n = serializers.IntegerField()
    mean = serializers.DecimalField(max_digits=5, decimal_places=2)
    items = FeedbackItemMeanSerializer(many=True)


class FeedbackMeasureSerializer(serializers.Serializer[Any]):
    measure = serializers.CharField()
    percent = serializers.DecimalField(max_digits=6, decimal_places=2)
    n = serializers.IntegerField()


class FeedbackResultSerializer(serializers.Serializer[Any]):
    """Aggregates of groups with enough raters; what may not be shown is not there."""

    employee_no = serializers.CharField()
    name = serializers.CharField()
    groups = FeedbackGroupSerializer(many=True)
    measures = FeedbackMeasureSerializer(many=True)
    score = serializers.DecimalField(max_digits=5, decimal_places=2, allow_null=True)
    percent = serializers.DecimalField(max_digits=6, decimal_places=2, allow_null=True)
    shown_percent = serializers.DecimalField(max_digits=6, decimal_places=2)
    remarks = serializers.ListField(child=serializers.CharField())
    adjusted = serializers.DecimalField(
        max_digits=5, decimal_places=2, allow_null=True, help_text="HR only: the superior's mean without leniency."
    )
