"""Forms of single records, made from the declaration of their kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import forms
from django.db.models import Field
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.intake.fields import (
    ENGINEER,
    LABELS,
    PLACES,
    SOURCE_LENGTH,
    FieldType,
    TargetField,
)
from appraisal.evidence.intake.parsing import EARLIEST, EARLIEST_DAY, LATEST, LATEST_DAY
from appraisal.evidence.kinds import Kind, field_label, model_field
from appraisal.evidence.models import Exclusion, Record
from engineers.person_field import PeopleForm, PersonField

BY_HAND = "manual"
OUT_OF_RANGE = _("This is too long ago or too far ahead.")


class WholeDecimalField(forms.DecimalField):
    """A decimal number that is stored as whole hundredths or millionths."""

    def __init__(self, *, places: int, lowest: int, highest: int, **options: Any) -> None:
        self.factor = 10**places
        # A point of these is the smallest step: what is typed is what is stored.
        super().__init__(
            min_value=Decimal(lowest) / self.factor,
            max_value=Decimal(highest) / self.factor,
            decimal_places=places,
            **options,
        )

    def clean(self, value: Any) -> Any:
        amount = super().clean(value)
        return None if amount is None else int((amount * self.factor).to_integral_value(ROUND_HALF_UP))

    def prepare_value(self, value: Any) -> Any:
        return f"{Decimal(value) / self.factor:f}" if isinstance(value, int) else value


class InstantField(forms.DateTimeField):
    """A local time of the organisation, within the times that an import takes."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")
        super().__init__(widget=widget, **options)

    def clean(self, value: Any) -> Any:
        at = super().clean(value)
        if at is not None and not EARLIEST <= at.astimezone(UTC).replace(tzinfo=None) < LATEST:
            raise forms.ValidationError(OUT_OF_RANGE, code="out_of_range")
        return at


class DayField(forms.DateField):
    """A day, within those that an import takes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options)

    def to_python(self, value: Any) -> Any:
        """Name what was sent: the browser's own field shows nothing of a day that is none."""
        try:
            return super().to_python(value)
        except forms.ValidationError as error:
            message = _("“%(value)s” is not a day; write it as 2026-03-31.")
            raise forms.ValidationError(message, params={"value": value}, code="invalid") from error

    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        if day is not None and not EARLIEST_DAY <= day <= LATEST_DAY:
            raise forms.ValidationError(OUT_OF_RANGE, code="out_of_range")
        return day


class RecordForm(PeopleForm):
    """All fields of one record. Source and number are its key: they are asked for once."""

    def __init__(self, *args: Any, kind: Kind, record: Record | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.record = kind, record
        if record is None:
            self.fields["source"] = forms.CharField(
                label=_("Source"),
                max_length=SOURCE_LENGTH,
                initial=BY_HAND,
                help_text=_("The system it comes from. The same number from the same source is the same record."),
            )
        for name, target in kind.fields.items():
            if record is not None and name == "external_id":
                continue
            self.fields[name] = _form_field(kind, name, target)
            if record is not None:
                self.fields[name].initial = getattr(record, kind.attribute(name))
        self.tell_who_asks()

    @property
    def values(self) -> Mapping[str, Any]:
        """The fields of the record, typed; call after ``is_valid``."""
        known = {"external_id": self.record.external_id} if self.record else {}
        return {**known, **{name: value for name, value in self.cleaned_data.items() if name in self.kind.fields}}


def _form_field(kind: Kind, name: str, target: TargetField) -> forms.Field:
    label = field_label(kind.code, name).capitalize()
    stored = model_field(kind.code, kind.attribute(name))
    common: dict[str, Any] = {"label": label, "required": target.required, "help_text": stored.help_text}
    if name in LABELS:
        note = _("Number or name.") if name == ENGINEER else ""
        return PersonField(**common | {"help_text": note, "max_length": target.longest})
    match target.type:
        case FieldType.INSTANT:
            return InstantField(**common)
        case FieldType.DATE:
            return DayField(**common)
        case FieldType.BOOLEAN if target.empty is None:
            return forms.NullBooleanField(**common)
        case FieldType.BOOLEAN:
            return forms.BooleanField(initial=target.empty, **common | {"required": False})
        case FieldType.HUNDREDTHS | FieldType.MILLIONTHS:
            return WholeDecimalField(
                places=PLACES[target.type], lowest=target.lowest, highest=target.highest, **common
            )
        case FieldType.INTEGER if not target.choices:
            return forms.IntegerField(min_value=target.lowest, max_value=target.highest, **common)
        case FieldType.INTEGER | FieldType.CHOICE:
            return _choice(stored, target, common)
        case FieldType.SLUG:
            return forms.SlugField(max_length=target.longest, **common)
        case _:
            widget = forms.Textarea(attrs={"rows": 3}) if (target.longest or 0) > 200 else forms.TextInput()
            return forms.CharField(max_length=target.longest, widget=widget, **common)


def _choice(stored: Field, target: TargetField, common: dict[str, Any]) -> forms.Field:
    choices = [(value, label) for value, label in stored.choices or () if value != Exclusion.WITHDRAWN]
    coerce = int if target.type is FieldType.INTEGER else str
    empty: Any = target.empty
    return forms.TypedChoiceField(
        choices=choices,
        coerce=coerce,
        empty_value=empty,
        initial=empty,
        **common | {"required": target.required},
    )


class RecordFilterForm(forms.Form):
    """What narrows a list of records."""

    engineer = forms.CharField(label=_("Engineer"), max_length=100, required=False)
    q = forms.CharField(label=_("Number or text"), max_length=100, required=False)
    first = DayField(label=_("From"), required=False)
    last = DayField(label=_("To"), required=False)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
