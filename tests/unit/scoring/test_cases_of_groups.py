"""The worked examples E12 to E14 and E16 of the specification: an engineer among others."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from appraisal.scoring.casemix import Count, case_mix
from appraisal.scoring.distribution import GradeShare, assign, gated_grade, quotas
from appraisal.scoring.feedback import RaterGroup, feedback_score, leniency_adjusted
from appraisal.scoring.rollup import GradeRules
from appraisal.scoring.small_samples import shrink, shrunk_mean, wilson
from tests.examples import case, shown

GRADES = GradeRules(
    bands=[("S", Decimal(95)), ("A", Decimal(85)), ("B", Decimal(70)), ("C", Decimal(60)), ("D", Decimal(0))],
    rated_from_percent=Fraction(60),
)


class TestE12:
    def test_e12_small_n_shrinks_to_the_pool(self) -> None:
        expected = case("E12", "shrunk_pct")
        found = {}
        for text in expected:
            met, n = map(int, text.split("/"))
            found[text] = shown(100 * shrink(total=met, n=n, pool_mean=Fraction(4, 5)))
        assert found == expected

    def test_e12_no_case_is_no_data_whatever_the_formula_gives(self) -> None:
        pool = {"pool_total": 80, "pool_n": 100}
        assert shrunk_mean(total=0, n=0, **pool) is None
        assert shown(100 * (shrunk_mean(total=3, n=3, **pool) or 0)) == case("E12", "shrunk_pct")["3/3"]

    def test_e12_wilson(self) -> None:
        expected = case("E12", "wilson95")
        found = {}
        for text in expected:
            met, n = map(int, text.split("/"))
            found[text] = [shown(Fraction(bound), 4) for bound in wilson(met=met, n=n)]
        assert found == expected


class TestE13:
    RATERS = {
        RaterGroup.MANAGER: [4],
        RaterGroup.PEER: [5, 4, 4, 3, 1],
        RaterGroup.SUBORDINATE: [2, 3],
        RaterGroup.CUSTOMER: [5, 4, 4],
    }

    def fractions(self) -> dict[RaterGroup, list[Fraction]]:
        return {group: [Fraction(each) for each in given] for group, given in self.RATERS.items()}

    def test_e13_360(self) -> None:
        result = feedback_score(self.fractions())
        assert {str(g): shown(each, 4) for g, each in result.means.items()} == case("E13", "group_means")
        assert [str(group) for group in result.suppressed] == case("E13", "suppressed")
        assert result.shown_percent == case("E13", "shown_weight")
        assert shown(result.score, 4) == case("E13", "score_5")
        assert shown(result.percent) == case("E13", "score_100")

    def test_e13_the_mean_of_all_raters_would_give_the_hidden_group_away(self) -> None:
        everybody = [each for given in self.RATERS.values() for each in given]
        shown_groups = [given for group, given in self.RATERS.items() if group is not RaterGroup.SUBORDINATE]
        hidden_sum = len(everybody) * Fraction(sum(everybody), len(everybody)) - sum(map(sum, shown_groups))
        hidden = hidden_sum / (len(everybody) - sum(map(len, shown_groups)))
        assert shown(hidden) == case("E13", "attack_recovers_suppressed_mean")
        # What the product shows does not depend on the hidden answers, so it cannot give them away.
        others = self.fractions() | {RaterGroup.SUBORDINATE: [Fraction(5), Fraction(5)]}
        assert feedback_score(others) == feedback_score(self.fractions())

    def test_e13_leniency(self) -> None:
        adjusted = leniency_adjusted(given=Fraction(5), rater_mean=Fraction("4.6"), overall_mean=Fraction("4.0"), n=8)
        assert shown(adjusted, 4) == case("E13", "leniency_adjusted")


class TestE14:
    SCORES = [
        Fraction(text)
        for text in ["96.10", "93.50", "93.50", "91", "90", "89", "88", "87", "86", "85", "80", "72.25", "72.25"]
    ]

    def shares(self, text: str, caps: str = "") -> list[GradeShare]:
        return [
            GradeShare(grade=grade, percent=Fraction(percent), is_cap=grade in caps)
            for grade, percent in zip("SABC", text.split("/"), strict=True)
        ]

    @pytest.mark.parametrize(
        ("key", "n", "percents", "caps"),
        [
            ("n13_largest_remainder", 13, "20/30/40/10", ""),
            ("n13_with_S_and_C_as_caps", 13, "20/30/40/10", "SC"),
            ("n15_all_remainders_tied", 15, "10/30/50/10", ""),
            ("n0", 0, "20/30/40/10", ""),
        ],
    )
    def test_e14_forced_quotas(self, key: str, n: int, percents: str, caps: str) -> None:
        assert quotas(n, self.shares(percents, caps)) == case("E14", key)

    def assigned(self) -> list[str]:
        return assign(self.SCORES, quotas(13, self.shares("20/30/40/10", "SC")))

    def test_e14_assigned(self) -> None:
        grades = self.assigned()
        assert {grade: grades.count(grade) for grade in sorted(set(grades), key="SABC".index)} == case(
            "E14", "assigned"
        )
        assert grades[1:3] == case("E14", "tied_b_c")
        assert grades[11:13] == case("E14", "tied_l_m")

    def test_e14_five_tied_rise_and_the_gate_of_bands_decides(self) -> None:
        grades = assign([Fraction(80)] * 5, quotas(5, self.shares("20/30/40/10", "SC")))
        assert {grade: grades.count(grade) for grade in grades} == case("E14", "all_tied_5")
        bands = [name for name, _lower in GRADES.bands]
        gated = [gated_grade(by_rank=grade, by_band="B", ranked="SABC", bands=bands) for grade in grades]
        assert gated == ["B"] * 5


@pytest.mark.parametrize(
    ("engineer", "near", "far"), [("A", Count(9, 10), Count(30, 40)), ("B", Count(36, 40), Count(6, 10))]
)
def test_e16_case_mix(engineer: str, near: Count, far: Count) -> None:
    pool = {("near",): Count(95, 100), ("far",): Count(70, 100)}
    result = case_mix({("near",): near, ("far",): far}, pool, pool_percent=Fraction(80))
    expected = case("E16", engineer)
    assert {
        "raw_pct": shown(result.raw_percent),
        "expected": shown(result.expected),
        "o_over_e": shown(result.ratio, 4),
        "adjusted_pct": shown(result.adjusted_percent),
        "shrunk_ratio_k10": shown(result.shrunk_ratio(), 4),
    } == expected
