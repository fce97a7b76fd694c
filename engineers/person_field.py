"""One field for naming a person: typed as number or name, found on the server, never picked from a list of all.

Without script one types the whole number or name; what fits several is offered beside the field.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from engineers import access
from engineers.clock import organisation_today
from engineers.models import Engineer, User
from engineers.people import OFFERED, Suggestion, people_like, suggest


class PersonInput(forms.TextInput):
    """A text input that ``static/js/people.js`` makes a combobox of."""

    def __init__(self) -> None:
        super().__init__(
            attrs={"data-people": reverse_lazy("people_suggest"), "autocomplete": "off", "spellcheck": "false"}
        )


class PersonField(forms.CharField):
    """An engineer, by number or by a name that only one of those bears whom the viewer may name.

    After a failed ``clean``, ``offered`` holds those who may be meant.
    """

    widget = PersonInput
    anybody = False  # whether a whole number or name finds people the viewer does not see

    def __init__(self, **options: Any) -> None:
        usual: dict[str, Any] = {"max_length": 100, "help_text": _("Number or name.")}
        super().__init__(**usual | options)
        self.viewer: User | None = None
        self.offered: list[Suggestion] = []

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return self.find(text) if text else None

    def prepare_value(self, value: Any) -> Any:
        return value.employee_no if isinstance(value, Engineer) else value

    def find(self, text: str) -> Any:
        """Return who is meant. Raises ValidationError, and offers who comes close."""
        if self.viewer is None:
            raise TypeError("a field for a person needs to know who asks: see PeopleForm")
        on = organisation_today()
        people = access.nameable_engineers(self.viewer, on=on)
        exact = Engineer.objects.all() if self.anybody else people
        found = exact.filter(employee_no=text).first()
        if found:
            return found
        named = list(exact.filter(name=text).order_by("employee_no")[: OFFERED + 1])
        if len(named) == 1:
            return named[0]
        self.offered = suggest(named[:OFFERED] or people_like(people, text)[:OFFERED], on=on)
        if named:
            raise ValidationError(
                _("Several engineers have this name; type the number: %(numbers)s."),
                code="ambiguous_engineer",
                params={"numbers": ", ".join(each.employee_no for each in self.offered)},
            )
        if self.offered:
            raise ValidationError(
                _("No engineer has this number or name. Do you mean %(names)s?"),
                code="unknown_engineer",
                params={"names": ", ".join(f"{each.name} ({each.employee_no})" for each in self.offered)},
            )
        raise ValidationError(_("No engineer has this employee number or name."), code="unknown_engineer")


class PeopleForm(forms.Form):
    """A form with fields for persons; it has to know who asks."""

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.viewer = viewer
        self.tell_who_asks()

    def tell_who_asks(self) -> None:
        """Tell the fields for persons; to be called again for fields that are added later."""
        for field in self.fields.values():
            if isinstance(field, PersonField):
                field.viewer = self.viewer
