"""What HR's browser sends about evidence."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.intake.errors import IntakeMisuse
from appraisal.evidence.intake.known import all_presets, find_preset
from appraisal.evidence.models import EvidenceKind, Target


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File"), help_text=_("csv, tsv or xlsx; also zipped or gzipped."), allow_empty_file=True
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=EvidenceKind.choices)
    source = forms.CharField(
        label=_("Source"),
        max_length=60,
        required=False,
        help_text=_(
            "The system it comes from. The same number from the same source is the same record. "
            "Empty: as the preset says, else the name of the file."
        ),
    )
    time_zone = forms.CharField(label=_("Time zone of its times"), max_length=60)
    create_engineers = forms.BooleanField(
        label=_("Create engineers who are not known yet"),
        required=False,
        help_text=_("Otherwise rows of unknown engineers stay out and are reported."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(preset.code, f"{preset.title} ({preset.code})") for preset in all_presets()]
        self.fields["preset"] = forms.ChoiceField(
            label=_("Preset"),
            choices=[("", _("find out from the columns")), *choices],
            required=False,
            help_text=_("It says which column is what. Where none fits, you say it on the next page."),
        )
        self.order_fields(["file", "preset"])
        self.fields["time_zone"].initial = settings.TIME_ZONE

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"]
        if name not in available_timezones():
            raise forms.ValidationError(_("There is no such time zone; it looks like Asia/Shanghai."), code="no_zone")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("preset") and cleaned.get("kind"):
            try:
                find_preset(cleaned["preset"]).kinds_for(cleaned["kind"])
            except IntakeMisuse:
                self.add_error("kind", _("The files of this preset hold nothing of this kind."))
        return cleaned


class TargetForm(forms.ModelForm):
    class Meta:
        model = Target
        fields = (
            *("kind", "minutes", "clock", "from_date", "source", "region"),
            *("distance_from_km", "distance_to_km", "job_type", "priority"),
        )
        widgets = {"from_date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}
