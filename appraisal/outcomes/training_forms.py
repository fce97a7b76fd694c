"""What a browser sends about courses and training needs."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.models import Kpi
from appraisal.outcomes.models import Course
from appraisal.outcomes.training import CourseContent
from appraisal.outcomes.training_queries import kpi_names


class _Kpis(forms.ModelMultipleChoiceField):
    def __init__(self) -> None:
        super().__init__(
            label=_("Helps with"),
            queryset=Kpi.objects.all(),
            required=False,
            widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        )
        self.names: dict[int, str] = {}

    def label_from_instance(self, obj: Any) -> str:
        return self.names.get(obj.pk, str(obj))


class CourseForm(forms.Form):
    code = forms.SlugField(label=_("Code"), max_length=60)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=100)
    name_en = forms.CharField(label=_("Name in English"), max_length=100)
    hours = forms.DecimalField(label=_("Hours"), required=False, min_value=Decimal(0), max_digits=6, decimal_places=2)
    is_given = forms.BooleanField(label=_("Is given"), required=False, initial=True)

    def __init__(self, *args: Any, course: Course | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = _Kpis()
        chosen.names = kpi_names(Kpi.objects.values_list("pk", flat=True))
        self.fields["kpis"] = chosen
        if course:
            for name in ("code", "name_zh", "name_en", "hours", "is_given"):
                self.fields[name].initial = getattr(course, name)
            chosen.initial = list(course.kpis.values_list("pk", flat=True))

    def content(self) -> CourseContent:
        return CourseContent(**self.cleaned_data | {"kpis": list(self.cleaned_data["kpis"])})


class _Courses(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class NeedForm(forms.Form):
    """Accept with a course or without, or decline; the button says which."""

    course = _Courses(label=_("Course"), queryset=Course.objects.none(), required=False, empty_label=_("none"))
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=1000,
        help_text=_("Needed for declining, 10 characters at least."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, suggested: Sequence[Course], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["course"]
        field.queryset = Course.objects.filter(is_given=True)
        field.initial = suggested[0].pk if suggested else None
