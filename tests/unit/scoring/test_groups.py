"""Small samples, case-mix, pools and 360 feedback. Source: SPEC 2.6, 3, 5."""

from decimal import Decimal
from fractions import Fraction

import pytest

from appraisal.scoring.casemix import Count, case_mix, pool_counts
from appraisal.scoring.curves import Direction
from appraisal.scoring.feedback import (
    FeedbackRules,
    GroupFigures,
    MeasureFigure,
    RaterGroup,
    counted_sheets,
    feedback_score,
    group_figures,
    group_mean,
    leniency_adjusted,
    measure_figures,
    rater_mean,
    score_of_groups,
)
from appraisal.scoring.pools import merge_upward
from appraisal.scoring.small_samples import Flag, shrink, shrunk_mean, wilson, wilson_flag

F = Fraction
UP, DOWN = Direction.UP, Direction.DOWN


def test_a_mean_without_a_pool_is_the_raw_mean() -> None:
    assert shrunk_mean(total=9, n=2, pool_total=0, pool_n=0) == F(9, 2)


def test_a_mean_is_drawn_towards_the_pool_as_if_by_ten_cases() -> None:
    assert shrunk_mean(total=9, n=2, pool_total=60, pool_n=20) == F(9 + 30, 12)
    assert shrunk_mean(total=9, n=2, pool_total=60, pool_n=20, k=2) == F(9 + 6, 4)
    assert shrunk_mean(total=1, n=1, pool_total=3, pool_n=1, k=1) == 2
    assert shrink(total=F(1, 2), n=F(5, 2), pool_mean=F(1), k=5) == F(11, 15)


def test_a_case_of_which_nothing_was_met_is_still_data() -> None:
    assert shrunk_mean(total=0, n=1, pool_total=1, pool_n=1) == F(10, 11)


@pytest.mark.parametrize("met", [3, -1])
def test_more_met_than_decided_is_refused(met: int) -> None:
    with pytest.raises(ValueError, match=r"^-?\d of 2 is no share$"):
        wilson(met=met, n=2)


def test_the_interval_of_no_case_is_everything() -> None:
    assert wilson(met=0, n=0) == (Decimal(0), Decimal(1))
    assert wilson_flag(met=0, n=0, target=F(1, 2), direction=UP) is Flag.NONE


def test_the_interval_is_computed_to_many_places() -> None:
    # (1 + z²/2 ± z·√(1·1/2 + z²/4)) ÷ (2 + z²) for z = 2 is (3 ± 2·√1.5) ÷ 6.
    lower, upper = wilson(met=1, n=2, z=Decimal(2))
    root = Decimal("1.5").sqrt()
    assert abs(lower - (3 - 2 * root) / 6) < Decimal("1e-25")
    assert abs(upper - (3 + 2 * root) / 6) < Decimal("1e-25")
    third = wilson(met=F(1, 3), n=F(2, 3), z=Decimal(2))
    assert abs(third[0] + third[1] - 1) < Decimal("1e-30")


def test_the_interval_never_leaves_zero_to_one() -> None:
    for n in range(1, 40):
        assert wilson(met=n, n=n, z=Decimal("1.959964"))[1] <= 1
        assert wilson(met=0, n=n, z=Decimal("1.959964"))[0] >= 0


@pytest.mark.parametrize(
    ("met", "n", "target", "direction", "flag"),
    [
        (0, 2, "0.66", UP, Flag.WORSE),
        (0, 2, "0.65", UP, Flag.NONE),
        (3, 3, "0.43", UP, Flag.BETTER),
        (3, 3, "0.44", UP, Flag.NONE),
        (0, 2, "0.66", DOWN, Flag.BETTER),
        (3, 3, "0.43", DOWN, Flag.WORSE),
        (42, 50, "0.80", UP, Flag.NONE),
        (3, 3, "1", UP, Flag.NONE),
        (0, 3, "0", UP, Flag.NONE),
    ],
)
def test_a_flag_needs_the_whole_interval_on_one_side(
    met: int, n: int, target: str, direction: Direction, flag: Flag
) -> None:
    assert wilson_flag(met=met, n=n, target=F(target), direction=direction) is flag


def test_a_flag_depends_on_how_sure_one_wants_to_be() -> None:
    assert wilson_flag(met=0, n=2, target=F("0.6"), direction=UP, z=Decimal(1)) is Flag.WORSE


def test_small_groups_join_their_parent_and_large_ones_stay() -> None:
    sizes = {("p1", "near"): 20, ("p1", "far"): 19, ("p1", "sea"): 1, ("p2", "near"): 5, ("p2", "far"): 6, ("p3",): 4}
    assert merge_upward(sizes, minimum=20) == {
        ("p1", "near"): ("p1", "near"),
        ("p1", "far"): ("p1",),
        ("p1", "sea"): ("p1",),
        ("p2", "near"): (),
        ("p2", "far"): (),
        ("p3",): (),
    }


def test_no_group_merges_into_nothing() -> None:
    assert merge_upward({}, minimum=20) == {}
    assert merge_upward({("a", "b", "c"): 1}, minimum=1) == {("a", "b", "c"): ("a", "b", "c")}
    assert merge_upward({("a", "b", "c"): 1, ("a", "b", "d"): 1}, minimum=2) == {
        ("a", "b", "c"): ("a", "b"),
        ("a", "b", "d"): ("a", "b"),
    }


def test_merged_strata_share_one_rate() -> None:
    strata = {("p1", "near"): Count(18, 20), ("p1", "far"): Count(5, 10), ("p1", "sea"): Count(1, 10)}
    assert pool_counts(strata) == {
        ("p1", "near"): Count(18, 20),
        ("p1", "far"): Count(6, 20),
        ("p1", "sea"): Count(6, 20),
    }
    assert pool_counts(strata, minimum=10) == strata


def test_the_adjusted_rate_ends_at_100_and_needs_something_expected() -> None:
    pool = {("a",): Count(1, 2), ("b",): Count(0, 5)}
    assert case_mix({("a",): Count(10, 10)}, pool, pool_percent=F(80)).adjusted_percent == 100
    nothing = case_mix({("b",): Count(0, 3)}, pool, pool_percent=F(80))
    assert (nothing.ratio, nothing.adjusted_percent, nothing.shrunk_ratio()) == (None, None, 1)
    empty = case_mix({}, pool, pool_percent=F(80))
    assert (empty.n, empty.raw_percent, empty.shrunk_ratio()) == (0, None, None)
    assert case_mix({("a",): Count(2, 2)}, pool, pool_percent=F(80)).shrunk_ratio(1) == F(3, 2)


def test_a_stratum_of_which_the_pool_has_no_case_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^the pool has no case of \('a',\)$"):
        case_mix({("a",): Count(1, 1)}, {("a",): Count(0, 0)}, pool_percent=F(80))


@pytest.mark.parametrize(("met", "n"), [(2, 1), (-1, 1)])
def test_a_count_with_more_met_than_decided_is_refused(met: int, n: int) -> None:
    with pytest.raises(ValueError, match=f"^{met} of {n} is no share$"):
        Count(met, n)


def test_a_rater_counts_from_half_of_the_items_on() -> None:
    assert rater_mean([5, 4, None, None]) == F(9, 2)
    assert rater_mean([5, None, None]) is None
    assert rater_mean([1]) == 1
    assert rater_mean([]) is None


@pytest.mark.parametrize("answer", [0, 6])
def test_an_answer_off_the_scale_is_refused(answer: int) -> None:
    with pytest.raises(ValueError, match=r"^an answer lies outside 1 to 5$"):
        rater_mean([answer, 3])


def test_the_extremes_are_trimmed_from_five_raters_on() -> None:
    four, five = [F(1), F(3), F(4), F(5)], [F(1), F(3), F(3), F(4), F(5)]
    assert group_mean(four) == F(13, 4)
    assert group_mean(five) == F(10, 3)
    assert group_mean([]) is None


def raters(**given: int) -> dict[RaterGroup, list[Fraction]]:
    """So many raters of each group, all giving 4."""
    return {RaterGroup(group): [F(4)] * n for group, n in given.items()}


def test_feedback_without_the_manager_or_with_little_weight_has_no_total() -> None:
    assert feedback_score(raters(peer=5, subordinate=5, customer=5)).score is None
    alone = feedback_score(raters(manager=1))
    assert (alone.shown_percent, alone.score, alone.percent) == (40, None, None)
    enough = feedback_score(raters(manager=1, subordinate=3))
    assert (enough.shown_percent, enough.score, enough.percent) == (50, 4, 80)


def test_self_rating_is_shown_and_counts_nothing() -> None:
    with_self = feedback_score({**raters(manager=1, peer=3), RaterGroup.SELF: [F(5)]})
    assert with_self.means[RaterGroup.SELF] == 5
    assert with_self.score == 4
    assert with_self.shown_percent == 70


def test_groups_with_two_raters_are_left_out_and_those_without_any_not_named() -> None:
    result = feedback_score(raters(manager=1, peer=2, customer=3))
    assert set(result.means) == {RaterGroup.MANAGER, RaterGroup.CUSTOMER}
    assert result.suppressed == (RaterGroup.PEER,)


def test_the_rules_of_feedback_are_settings() -> None:
    rules = FeedbackRules(
        weights=dict.fromkeys(RaterGroup, F(1)), fewest=dict.fromkeys(RaterGroup, 1), shown_from_percent=F(40)
    )
    result = feedback_score({RaterGroup.MANAGER: [F(5)], RaterGroup.PEER: [F(3)]}, rules)
    assert (result.shown_percent, result.score) == (40, 4)


def test_feedback_whose_groups_weigh_nothing_has_no_total() -> None:
    weights = dict.fromkeys(RaterGroup, F(0)) | {RaterGroup.PEER: F(1)}
    assert feedback_score(raters(manager=1), FeedbackRules(weights=weights, shown_from_percent=F(0))).score is None


@pytest.mark.parametrize(
    ("given", "rater", "n", "adjusted"),
    [(5, 5, 4, 5), (5, 5, 5, F(9, 2)), (1, 5, 5, 1), (5, 3, 5, 5), (3, 3, 20, F(19, 5))],
)
def test_leniency_is_taken_off_from_five_ratings_on_and_within_the_scale(
    given: int, rater: int, n: int, adjusted: Fraction
) -> None:
    assert leniency_adjusted(given=F(given), rater_mean=F(rater), overall_mean=F(4), n=n) == adjusted


ITEMS = ["a", "b"]


def sheets(*pairs: tuple[int | None, int | None]) -> list[dict[str, int | None]]:
    return [dict(zip(ITEMS, pair, strict=True)) for pair in pairs]


def test_the_highest_and_lowest_of_five_raters_count_in_no_item() -> None:
    given = sheets((5, 5), (1, 1), (2, 4), (4, 2), (3, 3))
    assert counted_sheets(given, ITEMS) == sheets((2, 4), (3, 3), (4, 2))
    assert group_figures(given, ITEMS, fewest=3) == GroupFigures(n=5, items={"a": F(3), "b": F(3)}, mean=F(3))
    assert counted_sheets(given[:4], ITEMS) == sheets((1, 1), (2, 4), (4, 2), (5, 5))


def test_a_rater_who_answered_less_than_half_does_not_count() -> None:
    items = ["a", "b", "c"]
    sparse = {"a": 5, "b": None, "c": None}
    assert counted_sheets([sparse], items) == []
    assert group_figures([sparse] * 3, items, fewest=3) is None


def test_a_group_is_shown_from_its_fewest_raters_on() -> None:
    given = sheets((4, 2), (4, 2), (5, 2))
    assert group_figures(given, ITEMS, fewest=4) is None
    assert group_figures([], ITEMS, fewest=0) is None
    shown = group_figures(given, ITEMS, fewest=3)
    assert shown == GroupFigures(n=3, items={"a": F(13, 3), "b": F(2)}, mean=F(19, 6))


def test_an_item_with_fewer_than_three_answers_counts_nowhere() -> None:
    given = sheets((4, 1), (4, 1), (5, None))
    assert group_figures(given, ITEMS, fewest=3) == GroupFigures(n=3, items={"a": F(13, 3)}, mean=F(13, 3))
    assert group_figures(sheets((4, None)), ITEMS, fewest=1) == GroupFigures(n=1, items={"a": F(4)}, mean=F(4))
    assert group_figures(sheets((4, None), (4, None), (None, 1), (None, 1)), ITEMS, fewest=3) is None
    five = sheets((4, 1), (4, 1), (4, 1), (5, None), (1, None))
    assert group_figures(five, ITEMS, fewest=5) == GroupFigures(n=5, items={"a": F(4), "b": F(1)}, mean=F(5, 2)), (
        "with more raters asked for, three answers of those who count are still enough"
    )


def shown(mean: int, n: int = 3, **items: int) -> GroupFigures:
    return GroupFigures(n=n, items={item: F(value) for item, value in items.items()}, mean=F(mean))


def test_the_total_weighs_the_shown_groups() -> None:
    groups = {RaterGroup.MANAGER: shown(4), RaterGroup.PEER: shown(2)}
    result = score_of_groups(groups)
    assert (result.shown_percent, result.score, result.suppressed) == (70, F(40 * 4 + 30 * 2, 70), ())


def test_a_measure_is_the_weighted_mean_of_the_shown_items_that_feed_it() -> None:
    feeds = {
        "both": {RaterGroup.PEER: ("a", "b"), RaterGroup.SUBORDINATE: ("c",)},
        "hidden": {RaterGroup.CUSTOMER: ("d",)},
        "left out": {RaterGroup.PEER: ("e",)},
        "unweighed": {RaterGroup.SELF: ("f",)},
    }
    groups = {
        RaterGroup.PEER: shown(3, n=4, a=5, b=3),
        RaterGroup.SUBORDINATE: shown(2, n=3, c=2),
        RaterGroup.SELF: shown(5, n=1, f=5),
    }
    assert measure_figures(groups, feeds) == {
        "both": MeasureFigure(percent=100 * F(30 * 4 + 10 * 2, 40) / 5, n=7),
    }


def test_raters_who_answer_alike_are_trimmed_all_the_same() -> None:
    assert counted_sheets(sheets((3, 3), (3, 3), (3, 3), (3, 3), (3, 3)), ITEMS) == sheets((3, 3), (3, 3), (3, 3))
