"""The cases behind one line of a scorecard: which counted and with what, which did not and by which rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from appraisal.calendars.roster import rosters_of
from appraisal.evidence.access import visible_records
from appraisal.evidence.kinds import KINDS
from appraisal.evidence.models import Article, EvidenceKind, Ticket
from appraisal.kpis.cases import EXCLUDED, counted_cases, exclusion_label, left_out_cases, number_of, rule_labels
from appraisal.kpis.measures import Evidence, Part, Statistic, Unit
from appraisal.kpis.questions import TABLES, KpiQuestion
from appraisal.reports.case_facts import CaseFact, fact_label, fact_names, fact_of
from appraisal.reports.line_explanations import LineExplanation, ReadLine, explain, get_line
from appraisal.reports.scorecards import LineView, Scorecard, SegmentView
from appraisal.reports.steps import stored
from appraisal.reviews.access import may_dispute
from appraisal.reviews.appeals.queries import disputes_about
from appraisal.reviews.models import Dispute, Review
from engineers.clock import organisation_today
from engineers.models import User

CASES_PER_PAGE = 50
COUNTED, LEFT_OUT = "counted", "left_out"


@dataclass(frozen=True, kw_only=True)
class CaseView:
    """One record behind a figure.

    ``amount`` is its duration, score or share of a sum, ``met`` whether it counts for the numerator of a share;
    ``own_minutes`` of ``all_minutes`` on site is the part that is this engineer's, where credit is shared.
    ``rule`` says why it was left out. ``record_id`` is that of its page, ``source_id`` of the record counted itself.
    """

    kind: str
    record_id: int
    source_id: int
    number: str
    ticket_id: int | None
    subject: str
    priority: int | None
    facts: tuple[CaseFact, ...]
    met: bool | None = None
    amount: Decimal | None = None
    own_minutes: int | None = None
    all_minutes: int | None = None
    rule: str = ""
    rule_label: str = ""
    is_linked: bool = False
    dispute: Dispute | None = None

    @property
    def began_at(self) -> Any:
        return _instant(self.facts, 0)

    @property
    def ended_at(self) -> Any:
        return _instant(self.facts, 1)


@dataclass(frozen=True, kw_only=True)
class RuleCount:
    rule: str
    label: str | Promise
    count: int


@dataclass(frozen=True, kw_only=True)
class PartTab:
    """A part of a composed measure whose records, or days, can be looked at."""

    name: str
    label: str | Promise
    evidence: str
    evidence_label: str | Promise
    is_here: bool


@dataclass(frozen=True, kw_only=True)
class RosterView:
    """The workdays on which the engineer was expected, and those of the calendar on which not.

    ``missing`` are expected days without a log in time; None where the measure is not about logs.
    """

    expected: tuple[date, ...]
    away: tuple[date, ...]
    missing: tuple[date, ...] | None


@dataclass(frozen=True, kw_only=True)
class LineCases:
    """A line explained, with one page of the records of one part."""

    review: Review
    card: Scorecard
    view: LineView
    segment: SegmentView | None
    explanation: LineExplanation
    unit_label: str | Promise
    tabs: tuple[PartTab, ...]
    part: PartTab | None
    show: str
    is_share: bool
    fact_labels: tuple[str, ...]
    counted: int
    left_out: tuple[RuleCount, ...]
    rules: tuple[str | Promise, ...]
    roster: RosterView | None
    page: Page | None
    cases: tuple[CaseView, ...]
    may_dispute: bool

    @property
    def shows_disputes(self) -> bool:
        return self.may_dispute or any(case.dispute for case in self.cases)

    @property
    def left_out_count(self) -> int:
        return sum(rule.count for rule in self.left_out)


def get_line_cases(
    *, viewer: User, review_id: int, line_id: int, page: int = 1, part: str = "", show: str = COUNTED, segment: int = 0
) -> LineCases:
    """Return a line explained, with a page of its cases; unknown parts show the first one. Raises Http404."""
    line = get_line(viewer=viewer, review_id=review_id, line_id=line_id, segment=segment)
    question = line.question
    tabs = _tabs(question, part) if question else ()
    here = next((tab for tab in tabs if tab.is_here), None)
    is_roster = here is not None and here.evidence == Evidence.ROSTER
    found = _found(line, here, viewer=viewer, page=page, show=show) if here and not is_roster else None
    return LineCases(
        review=line.review,
        card=line.card,
        view=line.view,
        segment=line.segment,
        explanation=explain(line),
        unit_label=Unit(line.source.measure.unit).label,
        tabs=tabs if len(tabs) > 1 else (),
        part=here,
        show=LEFT_OUT if show == LEFT_OUT else COUNTED,
        is_share=found.is_share if found else False,
        fact_labels=found.fact_labels if found else (),
        counted=found.counted if found else 0,
        left_out=found.left_out if found else (),
        rules=found.rules if found else (),
        roster=_roster(line, question) if question and is_roster else None,
        page=found.page if found else None,
        cases=found.cases if found else (),
        may_dispute=show != LEFT_OUT and may_dispute(viewer, line.review),
    )


def iter_cases(line: ReadLine) -> Iterator[tuple[PartTab, CaseView]]:
    """Yield every case of every part of a line, those that counted first; days of a roster are no cases."""
    question = line.question
    for tab in _tabs(question, "") if question else ():
        if question is None or tab.evidence == Evidence.ROSTER:
            continue
        counted, left_out = _records(line, question, tab)
        reader = _CaseReader(
            question, question.measure.cases[tab.name], rule_labels(question, part=tab.name), linked=(), disputes={}
        )
        for records in (_ordered(counted, question), left_out.order_by("pk")):
            for record in _with_relations(records).iterator(chunk_size=1000):
                yield tab, reader.read(record)


@dataclass(frozen=True, kw_only=True)
class _Found:
    is_share: bool
    fact_labels: tuple[str, ...]
    counted: int
    left_out: tuple[RuleCount, ...]
    rules: tuple[str | Promise, ...]
    page: Page
    cases: tuple[CaseView, ...]


def _tabs(question: KpiQuestion, wanted: str) -> tuple[PartTab, ...]:
    cases = question.measure.cases
    here = wanted if wanted in cases else next(iter(cases))
    return tuple(
        PartTab(
            name=name,
            label=part.label,
            evidence=part.population.evidence,
            evidence_label=Evidence(part.population.evidence).label,
            is_here=name == here,
        )
        for name, part in cases.items()
    )


def _found(line: ReadLine, tab: PartTab, *, viewer: User, page: int, show: str) -> _Found:
    question = line.question
    assert question is not None  # noqa: S101 -- a tab comes from a question
    part = question.measure.cases[tab.name]
    counted, left_out = _records(line, question, tab)
    labels = rule_labels(question, part=tab.name)
    counts = Counter(left_out.order_by().values_list("rule", flat=True).iterator())
    records = left_out.order_by("pk") if show == LEFT_OUT else _ordered(counted, question)
    paged = Paginator(_with_relations(records), CASES_PER_PAGE).get_page(page)
    shown = list(paged)
    disputes = disputes_about(line.review, tab.evidence, [record.pk for record in shown], line_id=line.view.line_id)
    reader = _CaseReader(question, part, labels, linked=_linked(shown, viewer), disputes=disputes)
    return _Found(
        is_share=reader.is_share,
        fact_labels=tuple(fact_label(tab.evidence, name) for name in reader.names),
        counted=paged.paginator.count if show != LEFT_OUT else counted.count(),
        left_out=tuple(
            RuleCount(rule=rule, label=labels[rule], count=counts[rule]) for rule in labels if counts[rule]
        ),
        rules=tuple(keep.left_out for keep in part.population.keeps),
        page=paged,
        cases=tuple(reader.read(record) for record in shown),
    )


def _records(line: ReadLine, question: KpiQuestion, tab: PartTab) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """Return the records of a part that counted, and those that did not."""
    asked: dict[str, Any] = {
        "part": tab.name,
        "window": line.window,
        "engineer_id": line.engineer_id,
        "left_out": line.left_out,
    }
    return counted_cases(question, **asked), left_out_cases(question, **asked)


def _ordered(records: QuerySet[Any], question: KpiQuestion) -> QuerySet[Any]:
    """In order of size where the place decides: medians and percentiles can be counted off."""
    if question.measure.population and question.statistic in (Statistic.MEDIAN, Statistic.P90):
        return records.order_by(question.column, "pk")
    return records.order_by("pk")


def _with_relations(records: QuerySet[Any]) -> QuerySet[Any]:
    names = {field.name for field in records.model._meta.fields}
    related = [name for name in ("ticket", "article", "report") if name in names]
    return records.select_related(*related) if related else records


class _CaseReader:
    """Reads the records of one part into views."""

    def __init__(
        self,
        question: KpiQuestion,
        part: Part,
        labels: dict[str, str | Promise],
        *,
        linked: Collection[int],
        disputes: Mapping[int, Dispute],
    ) -> None:
        self._question, self._part, self._labels, self._linked = question, part, labels, linked
        self._disputes = disputes
        self._evidence = part.population.evidence
        self.names = fact_names(question.measure, self._evidence)
        is_count = bool(question.measure.population) and question.statistic == Statistic.COUNT
        self.is_share = bool(part.where) or is_count
        self._scale = self._amount_scale()

    def read(self, record: Any) -> CaseView:
        ticket = record if isinstance(record, Ticket) else getattr(record, "ticket", None)
        rule = getattr(record, "rule", "")
        counts = None if rule else record.counts
        kind, record_id = _page_of(record)
        own = getattr(record, "own_minutes", None)
        return CaseView(
            kind=kind,
            record_id=record_id,
            source_id=record.pk,
            dispute=self._disputes.get(record.pk),
            number=number_of(record),
            ticket_id=ticket.pk if ticket else None,
            subject=_subject_of(record, ticket),
            priority=ticket.priority if ticket else None,
            facts=tuple(fact_of(record, self._evidence, name) for name in self.names),
            met=bool(counts) if self.is_share and not rule else None,
            amount=stored(counts * self._scale) if self._scale and counts is not None else None,
            own_minutes=own or None,
            all_minutes=record.visit_minutes if own else None,
            rule=rule,
            rule_label=self._rule_label(record, rule) if rule else "",
            is_linked=record_id in self._linked,
        )

    def _amount_scale(self) -> Fraction | None:
        """What turns the stored integer of a case into the unit of the figure; None where it says yes or no."""
        if self.is_share:
            return None
        if self._part.column:
            return Fraction(1, 100) if self._part.column.endswith("_hundredths") else Fraction(1)
        return self._question.measure.scale if self._question.measure.population else None

    def _rule_label(self, record: Any, rule: str) -> str:
        label = str(self._labels[rule])
        if rule != EXCLUDED:
            return label
        return _("%(rule)s: %(exclusion)s") % {"rule": label, "exclusion": exclusion_label(record.exclusion)}


def _page_of(record: Any) -> tuple[str, int]:
    """Return the kind and number of the record's page; an audit is read on the page of its report."""
    evidence = next(name for name, model in TABLES.items() if model is type(record))
    return (
        (EvidenceKind.REPORTS.value, record.report_id) if evidence == Evidence.AUDITS else (str(evidence), record.pk)
    )


def _linked(records: Sequence[Any], viewer: User) -> set[int]:
    """Return which of some records of one table have a page that the viewer may see."""
    if not records:
        return set()
    kind, _first = _page_of(records[0])
    ids = [_page_of(record)[1] for record in records]
    visible = visible_records(viewer, KINDS[kind], on=organisation_today())
    return set(visible.filter(pk__in=ids).values_list("pk", flat=True))


def _subject_of(record: Any, ticket: Ticket | None) -> str:
    for name in ("title", "course", "name", "code"):
        if getattr(record, name, ""):
            return str(getattr(record, name))
    article: Article | None = getattr(record, "article", None)
    if article is not None:
        return article.title
    return " · ".join(part for part in (ticket.category, ticket.product) if part) if ticket else ""


def _instant(facts: Sequence[CaseFact], at: int) -> datetime | date | None:
    """Return the first or second instant among the facts of a case."""
    instants = [fact.value for fact in facts if fact.value is None or isinstance(fact.value, date)]
    found = instants[at] if at < len(instants) else None
    return found if isinstance(found, date) else None


def _roster(line: ReadLine, question: KpiQuestion) -> RosterView:
    window = line.window
    roster = rosters_of([line.engineer_id], first_date=window.first_date, last_date=window.last_date)[line.engineer_id]
    expected = set(roster.eligible)
    logged = next(
        (
            name
            for name, part in question.measure.parts.items()
            if part.population.evidence == Evidence.WORKLOGS and part.rows == ("day",)
        ),
        None,
    )
    missing = None
    if logged is not None:
        days = counted_cases(
            question, part=logged, window=window, engineer_id=line.engineer_id, left_out=line.left_out
        )
        missing = tuple(sorted(expected - set(days.values_list("day", flat=True))))
    return RosterView(
        expected=roster.eligible,
        away=tuple(day for day in roster.workdays if day not in expected),
        missing=missing,
    )
