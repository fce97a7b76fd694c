"""360° feedback: anonymous means of rater groups, and a total that gives none of them away. Source: SPEC 3, E13."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

LOWEST_ANSWER, HIGHEST_ANSWER = 1, 5
TRIMMED_FROM = 5
FEWEST_SHOWN = 3
ADJUSTED_FROM = 5
LENIENCY_WEIGHT = 5


class RaterGroup(StrEnum):
    MANAGER = "manager"
    PEER = "peer"
    SUBORDINATE = "subordinate"
    CUSTOMER = "customer"
    SELF = "self"


GROUP_WEIGHTS: Mapping[RaterGroup, Fraction] = MappingProxyType(
    {
        RaterGroup.MANAGER: Fraction(40),
        RaterGroup.PEER: Fraction(30),
        RaterGroup.SUBORDINATE: Fraction(10),
        RaterGroup.CUSTOMER: Fraction(20),
        RaterGroup.SELF: Fraction(0),
    }
)
FEWEST_RATERS: Mapping[RaterGroup, int] = MappingProxyType(
    {
        RaterGroup.MANAGER: 1,
        RaterGroup.PEER: 3,
        RaterGroup.SUBORDINATE: 3,
        RaterGroup.CUSTOMER: 3,
        RaterGroup.SELF: 1,
    }
)


@dataclass(frozen=True, kw_only=True)
class FeedbackRules:
    """Weights of the groups (0 shows without counting), fewest raters, and the weight that must be shown."""

    weights: Mapping[RaterGroup, Fraction] = field(default_factory=lambda: GROUP_WEIGHTS)
    fewest: Mapping[RaterGroup, int] = field(default_factory=lambda: FEWEST_RATERS)
    shown_from_percent: Fraction = Fraction(50)


@dataclass(frozen=True, kw_only=True)
class FeedbackScore:
    """What may be shown. ``means`` holds the groups with enough raters; ``suppressed`` those with too few.

    ``score`` is on the scale of the answers and ``percent`` on 0 to 100, both None without data.
    """

    means: Mapping[RaterGroup, Fraction]
    suppressed: tuple[RaterGroup, ...]
    shown_percent: Fraction
    score: Fraction | None

    @property
    def percent(self) -> Fraction | None:
        return None if self.score is None else 100 * self.score / HIGHEST_ANSWER


def rater_mean(answers: Sequence[int | None]) -> Fraction | None:
    """Return the mean of one rater's answers; None when fewer than half of the items were answered.

    Raises ValueError on an answer off the scale.
    """
    given = [answer for answer in answers if answer is not None]
    if any(not LOWEST_ANSWER <= answer <= HIGHEST_ANSWER for answer in given):
        raise ValueError(f"an answer lies outside {LOWEST_ANSWER} to {HIGHEST_ANSWER}")
    if not given or 2 * len(given) < len(answers):
        return None
    return Fraction(sum(given), len(given))


def group_mean(rater_means: Sequence[Fraction]) -> Fraction | None:
    """Return the mean of a group's raters, without the highest and the lowest of five or more."""
    if not rater_means:
        return None
    ordered = sorted(rater_means)
    counted = ordered[1:-1] if len(ordered) >= TRIMMED_FROM else ordered
    return sum(counted, Fraction(0)) / len(counted)


_DEFAULT_RULES = FeedbackRules()


def feedback_score(
    raters: Mapping[RaterGroup, Sequence[Fraction]], rules: FeedbackRules = _DEFAULT_RULES
) -> FeedbackScore:
    """Weigh the groups that have enough raters; the others are left out of every figure.

    A total that counted a hidden group would give its mean away to whoever subtracts the groups that are shown.
    Without the manager, or with less than half of the weight shown, there is no total.
    """
    means: dict[RaterGroup, Fraction] = {}
    suppressed: list[RaterGroup] = []
    for group in RaterGroup:
        given = raters.get(group, ())
        mean = group_mean(given)
        if mean is None:
            continue
        if len(given) < rules.fewest[group]:
            suppressed.append(group)
        else:
            means[group] = mean
    return _weighed(means, tuple(suppressed), rules)


def _weighed(
    means: Mapping[RaterGroup, Fraction], suppressed: tuple[RaterGroup, ...], rules: FeedbackRules
) -> FeedbackScore:
    shown = sum((rules.weights[group] for group in means), Fraction(0))
    shown_percent = 100 * shown / sum(rules.weights.values(), Fraction(0))
    score = None
    if shown and RaterGroup.MANAGER in means and shown_percent >= rules.shown_from_percent:
        score = sum((rules.weights[group] * mean for group, mean in means.items()), Fraction(0)) / shown
    return FeedbackScore(means=means, suppressed=suppressed, shown_percent=shown_percent, score=score)


@dataclass(frozen=True, kw_only=True)
class GroupFigures:
    """What may be shown of one group: how many raters answered, the mean of each item, and the mean of those."""

    n: int
    items: Mapping[str, Fraction]
    mean: Fraction


@dataclass(frozen=True, kw_only=True)
class MeasureFigure:
    """A measure out of the items that feed it, on 0 to 100, and how many raters stand behind it."""

    percent: Fraction
    n: int


Sheet = Mapping[str, int | None]


def counted_sheets(sheets: Sequence[Sheet], items: Sequence[str]) -> list[Sheet]:
    """Return the raters that count: at least half answered, without the highest and the lowest of five or more.

    Of raters with the same mean the answers decide who goes, so that the order of the rows changes nothing.
    """
    valid = []
    for sheet in sheets:
        answers = [sheet.get(item) for item in items]
        mean = rater_mean(answers)
        if mean is not None:
            valid.append((mean, tuple(answer or 0 for answer in answers), sheet))
    ordered = sorted(valid, key=lambda entry: entry[:2])
    counted = ordered[1:-1] if len(ordered) >= TRIMMED_FROM else ordered
    return [sheet for _mean, _answers, sheet in counted]


def group_figures(sheets: Sequence[Sheet], items: Sequence[str], *, fewest: int) -> GroupFigures | None:
    """Return what may be shown of a group; None where too few answered.

    Every answer stands behind one mean at most, and the mean of the group is the mean of its shown items: the
    same as the mean of rater means where all answered all items (SPEC 3), and no second sum from which the
    answers of the few who left an item out could be solved for. An item with fewer than three answers is left out.
    """
    n = sum(rater_mean([sheet.get(item) for item in items]) is not None for sheet in sheets)
    if not n or n < fewest:
        return None
    counted = counted_sheets(sheets, items)
    means = {}
    for item in items:
        given = [answer for sheet in counted if (answer := sheet.get(item)) is not None]
        if given and len(given) >= min(fewest, FEWEST_SHOWN):
            means[item] = Fraction(sum(given), len(given))
    if not means:
        return None
    return GroupFigures(n=n, items=means, mean=sum(means.values(), Fraction(0)) / len(means))


def score_of_groups(groups: Mapping[RaterGroup, GroupFigures], rules: FeedbackRules = _DEFAULT_RULES) -> FeedbackScore:
    """Weigh what is shown of the groups, and nothing else; ``suppressed`` stays empty."""
    return _weighed({group: figures.mean for group, figures in groups.items()}, (), rules)


def measure_figures(
    groups: Mapping[RaterGroup, GroupFigures],
    feeds: Mapping[str, Mapping[RaterGroup, Sequence[str]]],
    rules: FeedbackRules = _DEFAULT_RULES,
) -> dict[str, MeasureFigure]:
    """Return each measure as the weighted mean of the shown items that feed it; one without any is left out.

    ``feeds`` says of each measure which items of which group belong to it.
    """
    found = {}
    for measure, items_of in feeds.items():
        total, weight, n = Fraction(0), Fraction(0), 0
        for group, items in items_of.items():
            figures = groups.get(group)
            means = [figures.items[item] for item in items if item in figures.items] if figures else []
            if figures and means and rules.weights[group]:
                total += rules.weights[group] * sum(means, Fraction(0)) / len(means)
                weight += rules.weights[group]
                n += figures.n
        if weight:
            found[measure] = MeasureFigure(percent=100 * total / weight / HIGHEST_ANSWER, n=n)
    return found


def leniency_adjusted(*, given: Fraction, rater_mean: Fraction, overall_mean: Fraction, n: int) -> Fraction:
    """Return a rating less a part of how much its rater's ratings lie above everybody's, within the scale.

    ``n`` is how many this rater rated: fewer than five leave the rating as it is. Off by default; show both.
    """
    if n < ADJUSTED_FROM:
        return given
    part = Fraction(n, n + LENIENCY_WEIGHT)
    adjusted = given - part * (rater_mean - overall_mean)
    return max(Fraction(LOWEST_ANSWER), min(Fraction(HIGHEST_ANSWER), adjusted))
