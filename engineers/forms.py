from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from engineers.models import LeaveKind
from engineers.queries import TeamRow
from engineers.staff import MAX_FILE_BYTES, StaffRefused
from engineers.zones import zone_names


def show_errors(form: forms.Form, error: ValidationError) -> None:
    """Put the errors of an action beside the fields they are about, the others on top."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        form.add_error(name if name in form.fields else None, errors)


class PeopleFilter(forms.Form):
    """What the list of people is narrowed by; whatever makes no sense is left out, never an error page."""

    q = forms.CharField(label=_("Number or name"), required=False, max_length=100)
    team = forms.TypedChoiceField(label=_("Team"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, teams: list[TeamRow], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = [  # type: ignore[attr-defined]
            ("", _("all teams")),
            *((row.team.pk, row.indented_name) for row in teams),
        ]


class StaffListForm(forms.Form):
    file = forms.FileField(
        label=_("Staff list"),
        help_text=_("csv (UTF-8 or GB18030) or xlsx, up to 20 MB. The first row names the columns."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    dry_run = forms.BooleanField(label=_("Only check, store nothing"), required=False)

    def clean_file(self) -> UploadedFile:
        """Refuse by size before anything is read into memory."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MAX_FILE_BYTES:
            raise ValidationError(str(StaffRefused("too_large")))
        return file


class TimeZoneForm(forms.Form):
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = [  # type: ignore[attr-defined]
            ("", _("as the organisation: %(zone)s") % {"zone": settings.TIME_ZONE}),
            *((name, name) for name in zone_names()),
        ]


class LeaveForm(forms.Form):
    """Days away from work, both included."""

    start_date = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    end_date = forms.DateField(label=_("To"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    kind = forms.ChoiceField(label=_("Kind"), choices=LeaveKind.choices)
