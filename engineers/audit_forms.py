from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from engineers.audit_labels import ACTION_LABELS
from engineers.audit_queries import AuditFilter
from engineers.models import User
from engineers.person_field import PeopleForm, PersonField


class DayField(forms.DateField):
    """A day that the database can compare with."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    default_validators = [MinValueValidator(date(1970, 1, 1)), MaxValueValidator(date(2999, 12, 31))]

    def to_python(self, value: Any) -> date | None:
        """Name what was sent: the browser's own field shows nothing of a day that is none."""
        try:
            day: date | None = super().to_python(value)
        except ValidationError as error:
            message = _("“%(value)s” is not a day; write it as 2026-03-31.")
            raise ValidationError(message, params={"value": value}, code="invalid") from error
        return day


class AuditFilterForm(PeopleForm):
    """What the trail is narrowed by. People are named by number and account, not picked from a list of all."""

    action = forms.ChoiceField(label=_("Action"), required=False)
    engineer = PersonField(label=_("Engineer"), required=False, help_text="")
    actor = forms.CharField(label=_("Account that did it"), required=False, max_length=150)
    first = DayField(label=_("From"), required=False)
    last = DayField(label=_("To"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = sorted(((action, str(label)) for action, label in ACTION_LABELS.items()), key=lambda pair: pair[1])
        self.fields["action"].choices = [("", _("all actions")), *choices]  # type: ignore[attr-defined]

    def clean_actor(self) -> User | None:
        name = self.cleaned_data["actor"].strip()
        if not name:
            return None
        user = User.objects.filter(username__iexact=name).first()
        if user is None:
            raise ValidationError(_("There is no such account."))
        return user

    def wanted(self) -> AuditFilter:
        """Return what a valid form asks for."""
        return AuditFilter(**self.cleaned_data)
