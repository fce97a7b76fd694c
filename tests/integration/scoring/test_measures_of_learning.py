"""Each measure against cases counted by hand: exams, practical tests, certificates, training, knowledge shared."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from appraisal.evidence.models import Article, ArticleUse, Certificate, Exam, Training
from appraisal.kpis.measures import Facts
from engineers.models import Employment, Engineer, Leave
from tests.factories import EngineerFactory
from tests.integration.scoring.asking import END, INSIDE, MOMENT, START, WORKDAYS, add, ask, left_out

pytestmark = pytest.mark.django_db


# Exams, practical tests, certificates


def add_exam(engineer: Engineer, title: str, score: int | None, *, taken: datetime | None = INSIDE, **f: Any) -> None:
    given = {"offered_at": START, "score_hundredths": None if score is None else 100 * score, "taken_at": taken} | f
    add(Exam, engineer, title=title, **given)


def test_the_latest_score_of_each_exam_counts(engineer: Engineer) -> None:
    add_exam(engineer, "boilers", 60, taken=INSIDE)
    add_exam(engineer, "boilers", 90, taken=INSIDE + timedelta(days=1))
    add_exam(engineer, "pumps", 70)
    facts = ask(engineer, "product_knowledge", "score")
    assert (facts.n, facts.value) == (2, 80)


def test_an_exam_offered_and_not_sat_counts_0(engineer: Engineer) -> None:
    add_exam(engineer, "boilers", None, taken=None)
    facts = ask(engineer, "product_knowledge", "score")
    assert (facts.n, facts.value) == (1, 0)


def test_an_exam_not_sat_leaves_the_valid_score_of_the_same_title(engineer: Engineer) -> None:
    later = {"offered_at": INSIDE + timedelta(days=1), "taken": None}
    add_exam(engineer, "boilers", 90)
    add_exam(engineer, "boilers", None, **later)
    facts = ask(engineer, "product_knowledge", "score")
    assert (facts.n, facts.value) == (1, 90)
    add_exam(engineer, "boilers", 60, offered_at=INSIDE + timedelta(days=1), taken=END)  # sat in the next cycle
    assert ask(engineer, "product_knowledge", "score").value == 90
    add_exam(engineer, "pumps", None, **later)  # another title, of which there is no score
    assert ask(engineer, "product_knowledge", "score").value == 45


def test_an_exam_not_sat_counts_0_once_the_earlier_score_is_no_longer_valid(engineer: Engineer) -> None:
    last_year = {"offered_at": datetime(2025, 5, 1, tzinfo=UTC), "taken": datetime(2025, 6, 1, tzinfo=UTC)}
    add_exam(engineer, "boilers", 90, **last_year, valid_until=date(2025, 12, 31))
    assert ask(engineer, "product_knowledge", "score") == Facts()
    add_exam(engineer, "boilers", None, taken=None)
    assert ask(engineer, "product_knowledge", "score").value == 0


def test_a_practical_test_not_sat_follows_the_same_rule(engineer: Engineer) -> None:
    add_exam(engineer, "boilers", 70, type="practical")
    add_exam(engineer, "boilers", None, taken=None, offered_at=INSIDE + timedelta(days=1), type="practical")
    assert ask(engineer, "repair_skill", "score").value == 70
    add_exam(engineer, "pumps", None, taken=None, type="practical")
    assert ask(engineer, "repair_skill", "score").value == 35


def test_an_exam_sat_after_the_cycle_was_not_sat_in_it(engineer: Engineer) -> None:
    add_exam(engineer, "boilers", 90, taken=END)
    assert ask(engineer, "product_knowledge", "score").value == 0
    add_exam(engineer, "pumps", 90, offered_at=END)
    assert ask(engineer, "product_knowledge", "score").n == 1


def test_without_an_offer_there_is_no_exam_figure(engineer: Engineer) -> None:
    assert ask(engineer, "product_knowledge", "score") == Facts()


def test_an_earlier_exam_counts_as_long_as_it_is_valid(engineer: Engineer) -> None:
    last_year = {"offered_at": datetime(2025, 5, 1, tzinfo=UTC), "taken": datetime(2025, 6, 1, tzinfo=UTC)}
    add_exam(engineer, "boilers", 90, **last_year, valid_until=date(2026, 1, 1))
    add_exam(engineer, "pumps", 50, **last_year, valid_until=date(2025, 12, 31))
    add_exam(engineer, "valves", 70, **last_year)
    assert ask(engineer, "product_knowledge", "score").value == 80
    assert left_out(engineer, "product_knowledge", "exams", statistic="score") == ["expired"]


def test_a_resit_gives_no_more_than_its_cap(engineer: Engineer) -> None:
    add_exam(engineer, "boilers", 95, is_resit=True)
    assert ask(engineer, "product_knowledge", "score").value == 80
    assert ask(engineer, "product_knowledge", "score", parameters={"resit_cap": 100}).value == 95
    add_exam(engineer, "pumps", 62, is_resit=True)
    assert ask(engineer, "product_knowledge", "score").value == 71


def test_practical_tests_are_skill_and_written_exams_knowledge(engineer: Engineer) -> None:
    add_exam(engineer, "boilers", 90)
    add_exam(engineer, "boilers", 50, type="practical")
    assert ask(engineer, "product_knowledge", "score").value == 90
    assert ask(engineer, "repair_skill", "score").value == 50
    assert left_out(engineer, "repair_skill", "tests", statistic="score") == ["other_type"]


def test_an_expired_certificate_is_0_and_its_renewal_100(engineer: Engineer) -> None:
    issued = {"issued_on": date(2025, 1, 1)}
    add(Certificate, engineer, title="welding", expires_on=date(2026, 3, 30), **issued)
    assert ask(engineer, "repair_skill", "score").value == 0
    add(Certificate, engineer, title="heights", expires_on=date(2026, 3, 31), **issued)
    add(Certificate, engineer, title="gas", expires_on=None, **issued)
    add(Certificate, engineer, title="later", expires_on=None, issued_on=date(2026, 4, 1))
    facts = ask(engineer, "repair_skill", "score")
    assert (facts.n, facts.value) == (3, Fraction(200, 3))
    add(Certificate, engineer, title="welding", expires_on=date(2027, 3, 30), issued_on=date(2026, 3, 1))
    assert ask(engineer, "repair_skill", "score").value == 100


def test_skill_is_the_mean_of_tests_and_certificates(engineer: Engineer) -> None:
    add_exam(engineer, "boilers", 70, type="practical")
    add(Certificate, engineer, title="gas", issued_on=date(2025, 1, 1))
    assert ask(engineer, "repair_skill", "score").value == 85


# Training


def add_course(engineer: Engineer, *, hours: int = 0, passed: bool | None = None, **fields: Any) -> None:
    given = {"course": "inverters", "assigned_at": INSIDE, "completed_at": INSIDE if passed is not None else None}
    add(Training, engineer, hours_hundredths=100 * hours, passed=passed, **given | fields)


def test_new_technology_is_half_hours_and_half_courses(engineer: Engineer) -> None:
    add_course(engineer, hours=8, passed=True)
    add_course(engineer)
    facts = ask(engineer, "new_tech_learning", "score")
    # 8 of 16 hours: 25; one of two courses: 25.
    assert (facts.n, facts.value) == (2, 50)
    assert ask(engineer, "new_tech_learning", "score", parameters={"target_hours": 8}).value == 75


def test_hours_beyond_the_target_give_no_more(engineer: Engineer) -> None:
    add_course(engineer, hours=40, passed=True)
    assert ask(engineer, "new_tech_learning", "score").value == 100


def test_the_hours_wanted_fall_with_days_away(engineer: Engineer) -> None:
    add_course(engineer, hours=2, passed=True)
    before = ask(engineer, "new_tech_learning", "score").value
    assert before == 50 + Fraction(50 * 2, 16)
    # Seven of 59 workdays are left: 16 × 7 ÷ 59 is less than the two hours taken.
    Leave.objects.create(engineer=engineer, start_date=date(2026, 1, 1), end_date=date(2026, 3, 21))
    assert ask(engineer, "new_tech_learning", "score").value == 100
    assert ask(engineer, "new_tech_learning", "score", parameters={"target_hours": 59}).value == 50 + 50 * Fraction(
        2, 7
    )


def test_only_new_technology_assigned_in_the_cycle_counts(engineer: Engineer) -> None:
    add_course(engineer, hours=16, passed=True, is_new_technology=False)
    add_course(engineer, passed=True, assigned_at=START - MOMENT)
    assert ask(engineer, "new_tech_learning", "score") == Facts()
    add_course(engineer, hours=16, passed=True, completed_at=END)  # finished too late
    add_course(engineer, passed=False)
    assert ask(engineer, "new_tech_learning", "score").value == 0
    rules = left_out(engineer, "new_tech_learning", "assigned", statistic="score")
    assert rules == ["other_subject", "undated"]


# Knowledge sharing


def add_article(engineer: Engineer, approved: datetime | None = INSIDE, uses: Iterable[Engineer] = ()) -> None:
    article = add(Article, engineer, title="how to", submitted_at=START, approved_at=approved)
    for user in uses:
        add(ArticleUse, user, article=article, author=engineer, used_at=INSIDE)


def test_use_by_others_weighs_more_than_writing(engineer: Engineer) -> None:
    other = EngineerFactory()
    add_article(engineer, uses=[other, other, engineer])
    add_article(engineer, approved=None)
    add_article(engineer, approved=END)
    facts = ask(engineer, "knowledge_sharing", "score")
    # One article and two uses; the author's own use is none.
    assert (facts.n, facts.value) == (3, 5)
    assert left_out(engineer, "knowledge_sharing", "reused", statistic="score") == ["own_use"]
    weighed = {"per_article": 3, "per_use": 1}
    assert ask(engineer, "knowledge_sharing", "score", parameters=weighed).value == 5
    assert ask(other, "knowledge_sharing", "score") == Facts(), "who uses an article shares nothing"


def test_sharing_is_capped(engineer: Engineer) -> None:
    for _ in range(16):
        add_article(engineer)
    facts = ask(engineer, "knowledge_sharing", "score")
    assert (facts.value, facts.numerator) == (15, 16)
    assert ask(engineer, "knowledge_sharing", "score", parameters={"cap": 3}).value == 3


def test_sharing_is_measured_against_the_days_present(engineer: Engineer) -> None:
    for _ in range(2):
        add_article(engineer)
    assert ask(engineer, "knowledge_sharing", "score").value == 2
    # Seven of 59 workdays are left: two articles in seven days are as good as 2 × 59 ÷ 7 in all of them.
    Leave.objects.create(engineer=engineer, start_date=date(2026, 1, 1), end_date=date(2026, 3, 21))
    facts = ask(engineer, "knowledge_sharing", "score", parameters={"cap": 100})
    assert (facts.n, facts.numerator, facts.value) == (2, 2, Fraction(2 * WORKDAYS, 7))
    assert ask(engineer, "knowledge_sharing", "score").value == 15, "the cap is that of a whole cycle"


def test_who_joins_late_is_asked_for_less_sharing(engineer: Engineer) -> None:
    Employment.objects.filter(engineer=engineer).update(start_date=date(2026, 3, 30))  # two workdays
    assert ask(engineer, "knowledge_sharing", "score") == Facts()
    add_article(engineer)
    assert ask(engineer, "knowledge_sharing", "score", parameters={"cap": 100}).value == Fraction(WORKDAYS, 2)


def test_what_is_shared_on_leave_counts_for_all_that_was_asked(engineer: Engineer) -> None:
    Leave.objects.create(engineer=engineer, start_date=date(2026, 1, 1), end_date=date(2026, 3, 31))
    assert ask(engineer, "knowledge_sharing", "score") == Facts()
    add_article(engineer)
    facts = ask(engineer, "knowledge_sharing", "score")
    assert (facts.n, facts.value) == (1, 15)
