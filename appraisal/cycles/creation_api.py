"""REST: a cycle created by the action the wizard uses, with the same warnings in the answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from rest_framework import serializers

from appraisal.cycles.creation import create_cycle
from appraisal.cycles.models import Cycle
from appraisal.cycles.setup.plan import Caution, CyclePlan, warnings_of
from appraisal.cycles.setup.proposals import SHIPPED_SCHEME
from appraisal.cycles.workflow import STAGES
from appraisal.kpis.files import ensure_scheme
from engineers.models import JobProfile, User


class CycleCreationSerializer(serializers.Serializer[Any]):
    code = serializers.SlugField(max_length=40)
    name = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    start_date = serializers.DateField()
    end_date = serializers.DateField()
    time_zone = serializers.CharField(max_length=60, default=settings.TIME_ZONE)
    scheme = serializers.CharField(
        max_length=60, default=SHIPPED_SCHEME, allow_blank=True, help_text="Of everybody else; empty: none."
    )
    schemes = serializers.DictField(
        child=serializers.CharField(max_length=60), default=dict, help_text="Codes of schemes by code of job profile."
    )
    quarters = serializers.SlugRelatedField[Cycle](
        slug_field="code",
        queryset=Cycle.objects.all(),
        many=True,
        default=list,  # type: ignore[arg-type]  # of many
        help_text="Makes it a year.",
    )
    asks_self_review = serializers.BooleanField(default=False)
    asks_second_level = serializers.BooleanField(default=False)
    deadlines = serializers.DictField(
        child=serializers.DateField(),
        default=dict,
        help_text=f"Days by stage: {', '.join(str(state.value) for state in STAGES)}.",
    )

    def validate_schemes(self, schemes: dict[str, str]) -> dict[int, str]:
        profiles = dict(JobProfile.objects.filter(code__in=schemes).values_list("code", "pk"))
        unknown = sorted(set(schemes) - set(profiles))
        if unknown:
            raise serializers.ValidationError(_("There is no job profile %(codes)s.") % {"codes": ", ".join(unknown)})
        return {profiles[code]: scheme for code, scheme in schemes.items()}


class CautionSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.CharField()


class CreatedCycleSerializer(serializers.ModelSerializer[Cycle]):
    warnings = CautionSerializer(many=True, read_only=True, help_text="Worth a look; nothing was refused for it.")

    class Meta:
        model = Cycle
        fields = ("code", "name", "start_date", "end_date", "time_zone", "state", "warnings")


def create_from(entered: dict[str, Any], *, by: User, now: datetime) -> tuple[Cycle, list[Caution]]:
    """Create a cycle from what a ``CycleCreationSerializer`` read. Raises ValidationError as ``create_cycle``."""
    plan = CyclePlan(
        entered["start_date"],
        entered["end_date"],
        parts=entered["quarters"],
        is_general=bool(entered["scheme"]),
        profile_ids=frozenset(entered["schemes"]),
        deadlines=entered["deadlines"],
    )
    by_profile = {pk: _scheme(code, by, now) for pk, code in entered["schemes"].items()}
    same = ("code", "name", "start_date", "end_date", "time_zone", "asks_self_review", "asks_second_level")
    cycle = create_cycle(
        **{name: entered[name] for name in same},
        version=_scheme(entered["scheme"], by, now) if entered["scheme"] else None,
        by_profile=by_profile,
        parts=entered["quarters"],
        deadlines=entered["deadlines"],
        by=by,
        now=now,
    )
    # Only now: days that nobody can mean have been refused.
    return cycle, warnings_of(plan, today=now.date(), besides=cycle)


def _scheme(code: str, by: User, now: datetime) -> Any:
    try:
        return ensure_scheme(code=code, by=by, now=now)
    except ValidationError as error:
        raise ValidationError({"scheme": error}) from error
