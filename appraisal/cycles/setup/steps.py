"""The steps of setting up a cycle, and what is known after them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.creation import create_cycle
from appraisal.cycles.models import Cycle, CycleDraft
from appraisal.cycles.setup import forms as step_forms
from appraisal.cycles.setup.plan import CyclePlan
from appraisal.cycles.setup.proposals import Proposal, propose
from appraisal.kpis.files import ensure_scheme
from engineers.models import User


class Step(models.TextChoices):
    START = "start", _("Beginning")
    PERIOD = "period", _("Period and name")
    SCHEMES = "schemes", _("Schemes")
    PEOPLE = "people", _("People")
    DEADLINES = "deadlines", _("Deadlines")
    CHECK = "check", _("Check and create")

    @property
    def following(self) -> Step:
        return list(Step)[min(len(Step) - 1, list(Step).index(self) + 1)]

    @property
    def former(self) -> Step:
        return list(Step)[max(0, list(Step).index(self) - 1)]


Entries = Mapping[str, Sequence[str]]


class Setup:
    """A cycle being set up: what was entered, and what is proposed where nothing was."""

    def __init__(self, draft: CycleDraft, *, today: date) -> None:
        self.draft, self.today = draft, today

    def form(self, step: Step, data: Any = None) -> forms.Form:
        """Return the form of a step: with ``data`` as it was sent, else showing what is known of it."""
        if data is not None:
            return self._make(step, data=data)
        form = self._make(step)
        for name, texts in self._known(step).items():
            field = form.fields.get(name)
            if isinstance(field, forms.BooleanField):
                field.initial = bool(texts)
            elif field:
                several = isinstance(field, forms.ModelMultipleChoiceField)
                field.initial = list(texts) if several else next(iter(texts), "")
        return form

    def held(self, step: Step) -> forms.Form:
        """Return the form of a step with what is known of it read, and what is wrong beside each input."""
        data = QueryDict(mutable=True)
        for name, texts in self._known(step).items():
            data.setlist(name, list(texts))
        form = self._make(step, data=data)
        form.is_valid()
        return form

    def first_open(self) -> Step | None:
        """Return the first step whose entries do not hold; None when the cycle can be created."""
        return next((step for step in Step if not self._held[step].is_valid()), None)

    @cached_property
    def period(self) -> tuple[date, date] | None:
        form = self._held[Step.PERIOD]
        return (form.cleaned_data["start_date"], form.cleaned_data["end_date"]) if form.is_valid() else None

    @cached_property
    def plan(self) -> CyclePlan | None:
        """What the warnings are about; None while there is no period."""
        if self.period is None:
            return None
        schemes, deadlines = self._held[Step.SCHEMES], self._held[Step.DEADLINES]
        chosen = schemes.is_valid()
        return CyclePlan(
            *self.period,
            parts=list(self._held[Step.PERIOD].cleaned_data["parts"]),
            is_general=not chosen or bool(schemes.cleaned_data[step_forms.SCHEME]),
            profile_ids=frozenset(schemes.by_profile()) if chosen else frozenset(),  # type: ignore[attr-defined]
            deadlines=deadlines.deadlines() if deadlines.is_valid() else {},  # type: ignore[attr-defined]
        )

    def summary(self) -> dict[Step, list[tuple[Any, str]]]:
        """Return each step's inputs with what stands in them, in words, for the last look before creating."""
        told: dict[Step, list[tuple[Any, str]]] = {}
        for step in (Step.PERIOD, Step.SCHEMES, Step.PEOPLE, Step.DEADLINES):
            form = self._held[step]
            told[step] = [(bound.label, _in_words(bound.field, bound.data)) for bound in form]
        return told

    @property
    def title(self) -> str:
        """What the cycle will be called, as far as that is known."""
        known = self._known(Step.PERIOD)
        return next(iter(known.get("name", ())), "") or next(iter(known.get("code", ())), "")

    @cached_property
    def _held(self) -> _Held:
        return _Held(self)

    @cached_property
    def _proposal(self) -> Proposal:
        return propose(next(iter(self._known(Step.START).get("start", ())), ""), today=self.today)

    def _known(self, step: Step) -> Entries:
        entered = self.draft.entries.get(step.value)
        if entered is not None:
            return entered
        match step:
            case Step.PERIOD:
                return _as_entries(self._proposal.period)
            case Step.SCHEMES:
                return _as_entries(self._proposal.schemes)
            case Step.PEOPLE:
                return _as_entries(self._proposal.people)
            case Step.DEADLINES if self.period:
                end = self.period[1]
                return {
                    f"{step_forms.DUE}{state}": [(end + timedelta(days=days)).isoformat()]
                    for state, days in self._proposal.deadline_days.items()
                }
        return {}

    def _make(self, step: Step, **given: Any) -> forms.Form:
        match step:
            case Step.START:
                return step_forms.StartForm(**given)
            case Step.PERIOD:
                return step_forms.PeriodForm(**given, today=self.today)
            case Step.SCHEMES:
                groups = CyclePlan(*self.period).groups if self.period else ()
                return step_forms.SchemesForm(**given, groups=groups, schemes=step_forms.scheme_choices())
            case Step.PEOPLE:
                return step_forms.PeopleForm(**given)
            case Step.DEADLINES:
                asks = self._held[Step.PEOPLE].cleaned_data["asks_self_review"]
                return step_forms.DeadlinesForm(**given, asks_self_review=asks)
        return forms.Form(**given)


class _Held(dict[Step, forms.Form]):
    """The forms of all steps with what is known of them, each read when it is first asked for."""

    def __init__(self, setup: Setup) -> None:
        super().__init__()
        self._setup = setup

    def __missing__(self, step: Step) -> forms.Form:
        form = self[step] = self._setup.held(step)
        return form


def _in_words(field: forms.Field, data: Any) -> str:
    if isinstance(field, forms.BooleanField):
        return str(_("yes") if data else _("no"))
    if isinstance(field, forms.ModelMultipleChoiceField):
        chosen = set(data or ())
        labels = [str(label) for value, label in field.choices if str(value) in chosen]  # type: ignore[misc, union-attr]
        return ", ".join(labels) or "–"
    if isinstance(field, forms.ChoiceField):
        return str(dict(field.choices).get(data or "", data))  # type: ignore[arg-type]
    return str(data or "–")


def _as_entries(values: Mapping[str, Any]) -> Entries:
    entries: dict[str, list[str]] = {}
    for name, value in values.items():
        if isinstance(value, bool):
            entries[name] = ["on"] if value else []
        else:
            entries[name] = value if isinstance(value, list) else [str(value)]
    return entries


def list_setups() -> QuerySet[CycleDraft]:
    """Return the cycles being set up, the last changed first."""
    return CycleDraft.objects.select_related("started_by")


def start_setup(*, entries: Entries, by: User, now: datetime) -> CycleDraft:
    """Begin to set up a cycle."""
    kept = {Step.START.value: dict(entries)}
    return CycleDraft.objects.create(entries=kept, started_by=by, started_at=now, changed_at=now)


@transaction.atomic
def keep_entries(*, draft_id: int, step: Step, entries: Entries, now: datetime) -> CycleDraft:
    """Keep what was typed in a step, whether or not it holds. Another beginning takes its own proposals along."""
    draft = CycleDraft.objects.select_for_update().get(pk=draft_id)
    if step is Step.START and draft.entries.get(step.value) != dict(entries):
        draft.entries = {}
    draft.entries = {**draft.entries, step.value: dict(entries)}
    draft.changed_at = now
    draft.save(update_fields=["entries", "changed_at"])
    return draft


@transaction.atomic
def finish_setup(*, setup: Setup, by: User, now: datetime) -> Cycle:
    """Create the cycle as it was set up; the draft goes. Raises ValidationError as ``create_cycle``."""
    period, schemes = setup.held(Step.PERIOD).cleaned_data, setup.held(Step.SCHEMES)
    people, deadlines = setup.held(Step.PEOPLE).cleaned_data, setup.held(Step.DEADLINES)
    general = schemes.cleaned_data[step_forms.SCHEME]
    cycle = create_cycle(
        **{name: period[name] for name in ("code", "name", "start_date", "end_date", "time_zone")},
        version=ensure_scheme(code=general, by=by, now=now) if general else None,
        by_profile={
            profile_id: ensure_scheme(code=code, by=by, now=now)
            for profile_id, code in schemes.by_profile().items()  # type: ignore[attr-defined]
        },
        parts=list(period["parts"]),
        asks_self_review=people["asks_self_review"],
        asks_second_level=people["asks_second_level"],
        deadlines=deadlines.deadlines(),  # type: ignore[attr-defined]
        by=by,
        now=now,
    )
    setup.draft.delete()
    return cycle
