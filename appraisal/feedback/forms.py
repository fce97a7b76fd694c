from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from appraisal.feedback.actions import RulesOfGroup, default_rules
from appraisal.feedback.answering import CANNOT_JUDGE, LONGEST_REMARK
from appraisal.feedback.models import FeedbackRound, Group
from appraisal.feedback.nominations import Contact
from appraisal.feedback.questions import Item, items_of
from appraisal.scoring.feedback import HIGHEST_ANSWER, LOWEST_ANSWER
from engineers.models import User
from engineers.person_field import PeopleForm, PersonField
from engineers.staff import MAX_FILE_BYTES, StaffRefused, read_rows

MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
MOMENT_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]


@dataclass(frozen=True)
class Step:
    value: str
    number: str
    words: str
    chosen: bool


@dataclass(frozen=True)
class Question:
    """An item as the page shows it, with what was chosen and what is wrong with it."""

    item: Item
    field: str
    steps: tuple[Step, ...]
    errors: Sequence[str]


class AnswerForm(forms.Form):
    """One group's questions: each 1 to 5 or "cannot judge". What is missing is said by the action."""

    remark = forms.CharField(
        label=_("Remark"),
        required=False,
        max_length=LONGEST_REMARK,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, group: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.items = items_of(group)
        choices = [(str(number), str(number)) for number in range(LOWEST_ANSWER, HIGHEST_ANSWER + 1)]
        for item in self.items:
            self.fields[item.code] = forms.ChoiceField(
                choices=[*choices, (CANNOT_JUDGE, "")],
                error_messages={"required": _("Choose an answer, or that you cannot judge.")},
            )

    def answers(self) -> dict[str, int | None]:
        chosen = {item.code: self.cleaned_data[item.code] for item in self.items}
        return {code: None if value == CANNOT_JUDGE else int(value) for code, value in chosen.items()}

    @property
    def questions(self) -> list[Question]:
        return [self._question(item) for item in self.items]

    def _question(self, item: Item) -> Question:
        chosen = self.data.get(item.code, "") if self.is_bound else ""
        steps = [
            Step(str(number), str(number), str(words), chosen == str(number))
            for number, words in enumerate(item.anchors, start=LOWEST_ANSWER)
        ]
        steps.append(Step(CANNOT_JUDGE, "", str(_("I cannot judge this")), chosen == CANNOT_JUDGE))
        return Question(item, item.code, tuple(steps), [str(error) for error in self.errors.get(item.code, [])])


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=1000)


class RoundForm(forms.Form):
    """The dates of a round and, for each group, weight, fewest raters and how many are asked by rule."""

    opens_at = forms.DateTimeField(label=_("Answers from"), widget=MOMENT, input_formats=MOMENT_FORMATS)
    closes_at = forms.DateTimeField(label=_("Answers until"), widget=MOMENT, input_formats=MOMENT_FORMATS)

    def __init__(self, *args: Any, feedback: FeedbackRound | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = {Group(rule.group): rule for rule in feedback.rules.all()} if feedback else {}
        for group, default in default_rules().items():
            rule = stored.get(group, default)
            self.fields[f"{group.value}_weight"] = forms.DecimalField(
                label=_("Weight"), initial=rule.weight, min_value=Decimal(0), max_digits=6, decimal_places=2
            )
            self.fields[f"{group.value}_fewest"] = forms.IntegerField(
                label=_("Fewest raters"), initial=rule.fewest, min_value=1, max_value=50
            )
            self.fields[f"{group.value}_most"] = forms.IntegerField(
                label=_("Asked by rule, at most"), initial=rule.most, min_value=0, max_value=100
            )
        if feedback:
            self.fields["opens_at"].initial, self.fields["closes_at"].initial = feedback.opens_at, feedback.closes_at

    @property
    def dates(self) -> list[forms.BoundField]:
        return [self["opens_at"], self["closes_at"]]

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [
            (str(group.label), [self[f"{group.value}_{name}"] for name in ("weight", "fewest", "most")])
            for group in Group
        ]

    def rules(self) -> dict[Group, RulesOfGroup]:
        data = self.cleaned_data
        return {
            group: RulesOfGroup(
                weight=data[f"{group.value}_weight"],
                fewest=data[f"{group.value}_fewest"],
                most=data[f"{group.value}_most"],
            )
            for group in Group
        }


class RaterField(PersonField):
    """Somebody with an account, named by employee number, full name or account; those who come close are one's own."""

    anybody = True

    def find(self, text: str) -> Any:
        user = User.objects.filter(username=text).first()
        if user:
            return user
        engineer = super().find(text)
        if engineer.user is None:
            raise ValidationError(_("%(name)s has no account and cannot be asked."), params={"name": engineer.name})
        return engineer.user


def find_rater(text: str, *, viewer: User) -> User:
    """Return the account of the person meant. Raises ValidationError."""
    field = RaterField()
    field.viewer = viewer
    found: User = field.find(text)
    return found


class RaterForm(PeopleForm):
    group = forms.ChoiceField(label=_("Asked as"))
    rater = RaterField(label=_("Person"), help_text=_("Employee number, full name or account."))

    def __init__(self, *args: Any, groups: Sequence[Group], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"].choices = [  # type: ignore[attr-defined]
            (group.value, group.label) for group in groups if group != Group.CUSTOMER
        ]


class ContactForm(forms.Form):
    """One customer by hand."""

    employee_no = forms.CharField(label=_("Employee number"), max_length=100)
    name = forms.CharField(label=_("Customer"), max_length=100, required=False)
    address = forms.EmailField(label=_("E-mail"), max_length=254)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    def contacts(self) -> list[Contact]:
        return [Contact(**self.cleaned_data)]


class ContactFileForm(forms.Form):
    """Customers from a file: employee number, name, e-mail, language in this order; the first row is a header."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("csv or xlsx. Columns: employee number, customer, e-mail, language (zh or en)."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )

    def clean_file(self) -> list[Contact]:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MAX_FILE_BYTES:
            raise ValidationError(str(StaffRefused("too_large")))
        try:
            rows = [(number, row) for number, row in read_rows(file.read()) if any(row)]
        except StaffRefused as refusal:
            raise ValidationError(str(refusal)) from refusal
        contacts, problems = [], []
        for number, row in rows[1:]:
            try:
                contacts.append(_read_contact(number, row))
            except ValidationError as error:
                words = {"row": number, "problem": " ".join(error.messages)}
                problems.append(ValidationError(_("Row %(row)s: %(problem)s"), params=words))
        if problems or not contacts:
            raise ValidationError(problems or [ValidationError(str(StaffRefused("no_rows")))])
        return contacts

    def contacts(self) -> list[Contact]:
        found: list[Contact] = self.cleaned_data["file"]
        return found


def _read_contact(number: int, row: list[str]) -> Contact:
    employee_no, name, address, language = (*row, "", "", "", "")[:4]
    validate_email(address)
    code = "en" if language.lower().startswith(("en", "英")) else "zh-hans"
    return Contact(employee_no=employee_no, name=name[:100], address=address, language=code, row=number)
