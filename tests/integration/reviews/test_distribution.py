"""Wanted shares of grades: a proposal by SPEC 4, which changes a grade only when somebody takes it over."""

from __future__ import annotations

import json
import random
import re
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appraisal.cycles.models import Cycle, CycleScheme, CycleState, KpiResult
from appraisal.cycles.queries import get_schemes
from appraisal.jobs.actions import run_now
from appraisal.kpis.files import dump_scheme, load_scheme
from appraisal.kpis.queries import AppliedScheme, apply_both
from appraisal.kpis.wanted import read_distribution
from appraisal.reviews.calibration import actions as calibration
from appraisal.reviews.calibration import distribution
from appraisal.reviews.calibration.distribution import get_pools
from appraisal.reviews.calibration.ranking import Family, Pool
from appraisal.reviews.calibration.session import SessionFilters, get_session
from appraisal.reviews.figures.runs import roll_up_reviews
from appraisal.reviews.models import Calibration, Review
from engineers.models import AuditEntry, User
from tests.examples import case
from tests.factories import JobProfileFactory, TeamFactory, UserFactory, auditor_user, hr_user
from tests.integration.reviews.calibrating import (
    REASON,
    SHARES,
    add_reviews,
    calibrated_cycle,
    decided,
    grades,
    wanting,
)
from tests.world import NOW, score

pytestmark = pytest.mark.django_db

E14 = ["96.10", "93.50", "93.50", "91", "90", "89", "88", "87", "86", "85", "80", "72.25", "72.25"]
BANDS = [["S", "95"], ["A", "85"], ["B", "70"], ["C", "60"], ["D", "0"]]


@pytest.fixture
def hr() -> User:
    return hr_user(username="hr")


def proposals(reviews: list[Review]) -> str:
    """Return what is proposed for the reviews, in their order; – where nothing is."""
    cycle = reviews[0].cycle
    pools = get_pools(cycle)
    stored = Review.objects.in_bulk([review.pk for review in reviews])
    found = []
    for review in reviews:
        pool = distribution.pool_of(pools, review)
        assert pool is not None
        kept = stored[review.pk]
        found.append(pool.proposal(kept.overall, kept.band_grade) or "–")
    return "".join(found)


def take_all(cycle: Cycle, hr: User) -> None:
    cycle.runs.create(state="done", as_of=NOW, requested_at=NOW, announced_at=NOW, progressed_at=NOW, finished_at=NOW)
    job = run_now(distribution.request_take_over(code=cycle.code, reason=REASON, by=hr, now=NOW), NOW)
    assert (job.state, job.error) == ("done", "")


def test_e14_thirteen_reviews_with_caps(hr: User) -> None:
    reviews = add_reviews(calibrated_cycle(), E14)
    (pool,) = get_pools(reviews[0].cycle)
    assert pool.quota == case("E14", "n13_with_S_and_C_as_caps")
    by_rank = [pool.by_rank[Decimal(text)] for text in E14]
    assert {grade: by_rank.count(grade) for grade in "SAB"} == case("E14", "assigned")
    assert by_rank[1:3] == case("E14", "tied_b_c")
    assert by_rank[11:13] == case("E14", "tied_l_m")
    assert proposals(reviews) == "SAAAAABBBBBBB"
    rows = {row.grade: (row.wanted, row.before, row.proposed, row.after) for row in pool.rows}
    assert rows == {"S": (2, 1, 1, 1), "A": (4, 9, 5, 9), "B": (6, 3, 7, 3), "C": (1, 0, 0, 0), "D": (None, 0, 0, 0)}
    assert grades(reviews) == "SAAAAAAAAABBB", "a proposal changes no grade"


def test_e14_five_at_80_are_a_by_rank_and_b_by_the_gate_of_the_bands() -> None:
    reviews = add_reviews(calibrated_cycle(wanting(SHARES | {"smallest_pool": 5})), ["80"] * 5)
    (pool,) = get_pools(reviews[0].cycle)
    assert pool.by_rank == {Decimal(80): "A"}
    assert proposals(reviews) == "BBBBB"


def test_nothing_is_proposed_where_nothing_is_wanted() -> None:
    reviews = add_reviews(calibrated_cycle(wanting({})), E14)
    (pool,) = get_pools(reviews[0].cycle)
    assert (pool.wanted, pool.is_ranked, proposals(reviews)) == (None, False, "–" * 13)
    assert [row.proposed for row in pool.rows] == [None] * 5


def test_small_families_join_each_other_and_what_is_still_too_small_is_not_ranked() -> None:
    big, one, two = (JobProfileFactory(code=code, name=code) for code in ("big", "one", "two"))
    cycle = calibrated_cycle()
    add_reviews(cycle, E14, profile=big)
    add_reviews(cycle, E14[:6], profile=one)
    reviews = add_reviews(cycle, E14[:3], profile=two)
    found = {tuple(pool.names): (pool.rated, pool.is_ranked) for pool in get_pools(cycle)}
    assert found == {("big",): (13, True), ("one", "two"): (9, False)}
    assert proposals(reviews) == "–––"
    add_reviews(cycle, ["70"], profile=two)
    assert {pool.rated: pool.is_ranked for pool in get_pools(cycle)} == {13: True, 10: True}


def test_families_of_different_schemes_are_never_ranked_together() -> None:
    cycle, other = calibrated_cycle(), JobProfileFactory(code="other", name="other")
    CycleScheme.objects.create(cycle=cycle, profile=other, version=wanting())
    add_reviews(cycle, E14[:6], profile=other)
    add_reviews(cycle, E14[:6])
    assert [(pool.rated, pool.is_ranked) for pool in get_pools(cycle)] == [(6, False), (6, False)]


def test_who_is_not_rated_is_not_ranked() -> None:
    reviews = add_reviews(calibrated_cycle(), [*E14, None])
    (pool,) = get_pools(reviews[0].cycle)
    assert (pool.rated, pool.unrated, proposals(reviews)[-1]) == (13, 1, "–")


def test_taking_over_all_writes_decisions_of_that_person(hr: User) -> None:
    reviews = add_reviews(calibrated_cycle(), E14)
    take_all(reviews[0].cycle, hr)
    assert grades(reviews) == "SAAAAABBBBBBB"
    written = Calibration.objects.order_by("pk")
    assert {(each.source, each.proposed_by, each.reason, each.grade) for each in written} == {
        ("distribution", hr, REASON, "B")
    }
    assert written.count() == 4
    assert AuditEntry.objects.filter(action="review.calibrated", actor=hr, reason=REASON).count() == 4
    assert AuditEntry.objects.get(action="cycle.distribution_taken_over").after == {"reviews": 4}
    with pytest.raises(ValidationError) as caught:
        distribution.request_take_over(code=reviews[0].cycle.code, reason=REASON, by=hr, now=NOW)
    assert caught.value.code == "no_proposal"


def test_doing_a_part_twice_decides_once(hr: User) -> None:
    reviews = add_reviews(calibrated_cycle(), E14)
    take_all(reviews[0].cycle, hr)
    cycle = reviews[0].cycle
    job = distribution.request_job(
        kind=distribution.TAKE_OVER,
        item_ids=[review.pk for review in reviews],
        by=hr,
        now=NOW,
        params={"cycle": cycle.pk, "reason": REASON},
    )
    run_now(job, NOW)
    assert Calibration.objects.count() == 4


def test_what_somebody_decided_is_left_alone(hr: User) -> None:
    reviews = add_reviews(calibrated_cycle(), E14)
    calibration.calibrate(review_id=reviews[9].pk, grade="S", reason=REASON, by=hr, now=NOW)
    take_all(reviews[0].cycle, hr)
    assert grades(reviews) == "SAAAAABBBSBBB"


def test_more_than_one_grade_down_waits_for_a_second_person(hr: User) -> None:
    reviews = add_reviews(calibrated_cycle(), ["99", "98.5", *["98"] * 8])
    assert proposals(reviews) == "SSBBBBBBBB".replace("B", "A")
    shares = [{"grade": grade, "percent": percent} for grade, percent in (("S", 10), ("B", 80), ("C", 10))]
    version = CycleScheme.objects.get(cycle=reviews[0].cycle).version
    version.distribution = read_distribution({"shares": shares}, bands=BANDS)
    version.save()
    take_all(reviews[0].cycle, hr)
    assert grades(reviews) == "S" * 10
    assert Calibration.objects.awaiting().count() == 9


def test_hr_takes_over_a_single_proposal_and_nobody_else_does(hr: User) -> None:
    director = UserFactory()
    team = TeamFactory(parent=TeamFactory(manager=director), manager=UserFactory())
    reviews = add_reviews(calibrated_cycle(), E14, team=team)
    given = {"review_id": reviews[6].pk, "reason": REASON, "now": NOW}
    for somebody in (director, team.manager, auditor_user()):
        with pytest.raises(Http404):
            distribution.take_over_proposal(**given, by=somebody)
    entered = distribution.take_over_proposal(**given, by=hr)
    assert (entered.source, entered.grade, grades(reviews)) == ("distribution", "B", "SAAAAABAAABBB")
    with pytest.raises(ValidationError):
        distribution.take_over_proposal(**given | {"review_id": reviews[0].pk}, by=hr)


def test_ones_own_review_is_left_to_another_person_of_hr(hr: User) -> None:
    reviews = add_reviews(calibrated_cycle(), E14)
    reviews[6].engineer.user = hr
    reviews[6].engineer.save()
    with pytest.raises(Http404):
        distribution.take_over_proposal(review_id=reviews[6].pk, reason=REASON, by=hr, now=NOW)
    take_all(reviews[0].cycle, hr)
    assert grades(reviews) == "SAAAAAABBBBBB"


def test_taking_over_needs_figures_at_rest_a_reason_and_the_calibration(hr: User) -> None:
    reviews = add_reviews(calibrated_cycle(), E14)
    cycle = reviews[0].cycle
    given = {"code": cycle.code, "by": hr, "now": NOW}
    for reason, code in ((REASON, "not_at_rest"), ("short", None)):
        with pytest.raises(ValidationError) as caught:
            distribution.request_take_over(**given, reason=reason)
        assert code is None or caught.value.code == code
    Cycle.objects.filter(pk=cycle.pk).update(state=CycleState.PUBLISHED)
    with pytest.raises(ValidationError) as caught:
        distribution.request_take_over(**given, reason=REASON)
    assert caught.value.code == "not_in_calibration"


def test_decided_grades_survive_a_run(hr: User) -> None:
    reviews = add_reviews(calibrated_cycle(), E14)
    take_all(reviews[0].cycle, hr)
    KpiResult.objects.filter(engineer=reviews[9].engineer).update(points="10")
    roll_up_reviews(list(Review.objects.filter(cycle=reviews[0].cycle)), get_schemes(reviews[0].cycle))
    assert (grades(reviews), Review.objects.get(pk=reviews[9].pk).band_grade) == ("SAAAAABBBBBBB", "D")
    score(reviews[0].cycle, now=NOW)
    assert set(Review.objects.filter(cycle=reviews[0].cycle).values_list("grade", flat=True)) == {"NR"}, (
        "without any figure there is no grade to decide about"
    )


def applied() -> AppliedScheme:
    version = wanting()
    return apply_both(version)[0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scores=st.lists(st.integers(4000, 10000), min_size=10, max_size=40), seed=st.integers(0, 1000))
def test_the_proposal_does_not_depend_on_order_and_never_beats_the_band(scores: list[int], seed: int) -> None:
    scheme = applied()
    rows = [(Decimal(score) / 100, scheme.rules.grade(Decimal(score) / 100), "", 1) for score in scores]
    shuffled = random.Random(seed).sample(rows, len(rows))
    pools = [
        Pool(families=(Family(profile_id=None, name="", scheme=scheme, counts=tuple(each)),), wanted=scheme.wanted)
        for each in (rows, shuffled)
    ]
    grades_of_bands = [name for name, _lower in BANDS]
    seen: list[tuple[Decimal, int]] = []
    for overall, by_band, _grade, _number in rows:
        proposed = pools[0].proposal(overall, by_band)
        assert proposed == pools[1].proposal(overall, by_band)
        assert proposed is not None
        assert grades_of_bands.index(proposed) >= grades_of_bands.index(by_band), "never better than the band"
        assert proposed != "D" or by_band == "D"
        assert proposed != "C" or by_band in "CD", "the bottom grade only where the score itself is as bad"
        seen.append((overall, grades_of_bands.index(proposed)))
    assert [place for _score, place in sorted(seen, reverse=True)] == sorted(place for _score, place in seen)


def test_the_page_shows_pools_rows_and_leniency(hr: User) -> None:
    strict, kind = TeamFactory(code="strict", manager=UserFactory()), TeamFactory(code="kind", manager=UserFactory())
    cycle = calibrated_cycle()
    low = add_reviews(cycle, ["60.50"] * 6, team=strict)
    high = add_reviews(cycle, ["90.25"] * 6, team=kind)
    found = get_session(viewer=hr, cycle=cycle, filters=SessionFilters(), page=1)
    # (6 · 60.50 + 6 · 90.25) ÷ 12 = 75.375; the managers lie 14.875 from it.
    leniency = {row.review.pk: row.leniency for row in found.rows}
    assert {leniency[review.pk] for review in low} == {Decimal("-14.88")}
    assert {leniency[review.pk] for review in high} == {Decimal("14.88")}
    client = Client(headers={"accept-language": "en"})
    client.force_login(hr)
    text = client.get(reverse("cycle_calibration", args=[cycle.code])).content.decode()
    assert "12 rated" in text
    data = re.search(r'data-chart="pool-0".*?<script[^>]*>(.*?)</script>', text, re.DOTALL)
    assert data
    chart = json.loads(data.group(1))
    assert chart["labels"] == ["S", "A", "B", "C", "D"]
    drawn = {series["name"]: series["values"] for series in chart["series"]}
    assert drawn["Before calibration"] == drawn["After calibration"] == ["0", "6", "0", "6", "0"]
    # 20 % and 10 % of 12 at most, rounded down by the largest remainder; the rest as the scheme wants it.
    assert sum(int(number) for number in drawn["Wanted"]) == 12
    assert chart["series"][0]["links"][1] == f"{reverse('cycle_calibration', args=[cycle.code])}?pool=0&grade=A"
    assert text.count('<tr id="review-') == 12


def test_filters_stay_in_the_address_and_narrow_the_list(hr: User) -> None:
    reviews = add_reviews(calibrated_cycle(), E14)
    cycle = reviews[0].cycle
    calibration.calibrate(review_id=reviews[10].pk, grade="A", reason=REASON, by=hr, now=NOW)
    calibration.calibrate(review_id=reviews[11].pk, grade="S", reason=REASON, by=hr, now=NOW)

    def listed(**query: str) -> list[int]:
        found = get_session(viewer=hr, cycle=cycle, filters=SessionFilters.of(query), page=1)
        return [reviews.index(row.review) for row in found.rows]

    assert listed() == list(range(13))
    assert listed(show="proposed") == [6, 7, 8, 9]
    assert listed(show="decided") == [10]
    assert listed(show="waiting") == [11]
    assert listed(grade="S") == [0]
    assert listed(q=reviews[4].engineer.employee_no) == [4]
    assert listed(sort="overall")[0] in (11, 12)
    assert listed(show="nonsense", sort="nonsense", team="x", pool="y") == list(range(13))
    KpiResult.objects.filter(engineer=reviews[10].engineer).update(points="50")
    roll_up_reviews([reviews[10]], get_schemes(cycle))
    assert listed(show="moved") == [10]


def test_second_level_managers_see_their_own_people_and_no_proposal() -> None:
    director = UserFactory()
    team = TeamFactory(parent=TeamFactory(manager=director), manager=UserFactory())
    cycle = calibrated_cycle()
    mine = add_reviews(cycle, E14, team=team)
    add_reviews(cycle, E14)
    found = get_session(viewer=director, cycle=cycle, filters=SessionFilters(), page=1)
    assert {row.review.pk for row in found.rows} == {review.pk for review in mine}
    assert ([pool.rated for pool in found.pools], found.shows_proposal) == ([13], False)
    assert {row.proposed for row in found.rows} == {None}
    client = Client()
    client.force_login(team.manager)
    assert client.get(reverse("cycle_calibration", args=[cycle.code])).status_code == 404


def test_pages_and_api_take_over(hr: User) -> None:
    reviews = add_reviews(calibrated_cycle(), E14)
    cycle = reviews[0].cycle
    cycle.runs.create(state="done", as_of=NOW, requested_at=NOW, announced_at=NOW, progressed_at=NOW, finished_at=NOW)
    client = Client(headers={"accept-language": "en"})
    client.force_login(hr)
    page = reverse("cycle_calibration", args=[cycle.code])
    assert "4 proposals of the distribution are open" in client.get(page).content.decode()
    sent = {"version": reviews[6].version, "reason": REASON, "decision": "take_over", "back": ""}
    assert client.post(reverse("review_calibration", args=[reviews[6].pk]), sent).status_code == 302
    address = reverse("api:cycle-calibration-pool-list", args=[cycle.code])
    (pool,) = client.get(address).json()
    assert (pool["rated"], pool["is_ranked"], pool["mean"]) == (13, True, "86.43")
    assert pool["grades"][1] == {
        "grade": "A",
        "percent": "30",
        "is_cap": False,
        "wanted": 4,
        "before": 9,
        "proposed": 5,
        "after": 8,
    }
    single = reverse("api:review-calibration-list", args=[reviews[7].pk])
    entry = client.post(single, {"reason": REASON}, content_type="application/json").json()
    assert (entry["grade"], entry["source"]) == ("B", "distribution")
    take = reverse("api:cycle-calibration-pool-take-over", args=[cycle.code])
    refused = client.post(take, {"reason": "short"}, content_type="application/json")
    assert refused.status_code == 409
    answer = client.post(take, {"reason": REASON}, content_type="application/json")
    assert (answer.status_code, answer.json()["reviews"]) == (202, 2)
    refused = client.post(reverse("take_over_distribution", args=[cycle.code]), {"reason": "short"}, follow=True)
    assert "20 characters at least" in refused.content.decode()


def test_the_number_of_questions_does_not_grow(hr: User) -> None:
    cycle = calibrated_cycle()
    client = Client()
    client.force_login(hr)

    def asked() -> int:
        client.get(reverse("cycle_calibration", args=[cycle.code]))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("cycle_calibration", args=[cycle.code])).status_code == 200
        return len(captured)

    def grow(code: str) -> None:
        team = TeamFactory(code=code, manager=UserFactory())
        reviews = add_reviews(cycle, E14, team=team, profile=JobProfileFactory())
        decided(reviews[12], proposed_by=hr).save()
        decided(reviews[11], proposed_by=hr, grade="S", steps=2).save()

    grow("a")
    few = asked()
    for code in "bcd":
        grow(code)
    assert asked() == few


FILE = """
code: ranked
name: {zh: 方案, en: Ranked}
grade_bands: [[S, 95], [A, 85], [B, 70], [C, 60], [D, 0]]
distribution:
  smallest_pool: 12
  shares:
    - {grade: S, percent: 20, cap: true}
    - {grade: A, percent: 30}
    - {grade: B, percent: 49.5}
    - {grade: C, percent: 0.5}
dimensions:
  - code: all
    name: {zh: 全部, en: All}
    kpis:
      - code: reply
        name: {zh: 响应, en: Reply}
        measure: response_sla_rate
        weight: 100
        curve: [[0, 0], [100, 100]]
"""


def test_a_scheme_file_holds_the_wanted_shares_and_gives_them_back() -> None:
    version = load_scheme(text=FILE, by=None, now=NOW)
    wanted = apply_both(version)[0].wanted
    assert wanted is not None
    assert wanted.smallest_pool == 12
    assert [(share.grade, share.percent, share.is_cap) for share in wanted.shares] == [
        ("S", Fraction(20), True),
        ("A", Fraction(30), False),
        ("B", Fraction(99, 2), False),
        ("C", Fraction(1, 2), False),
    ]
    assert load_scheme(text=dump_scheme(version), by=None, now=NOW) == version, "nothing has changed"
    assert "distribution" not in dump_scheme(wanting({}))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("percent: 20", "percent: 21"),
        ("percent: 20", "percent: lots"),
        ("grade: S", "grade: X"),
        ("grade: S", "grade: A"),
        ("grade: S, percent: 20, cap: true}\n    - {grade: A", "grade: A, percent: 20}\n    - {grade: S"),
        ("percent: 30}", "percent: 30, cap: true}"),
        ("smallest_pool: 12", "smallest_pool: 1"),
        ("smallest_pool: 12", "smallest_pool: many"),
        ("shares:", "parts:"),
    ],
)
def test_wanted_shares_that_make_no_sense_are_refused(before: str, after: str) -> None:
    assert before in FILE
    with pytest.raises(ValidationError) as caught:
        load_scheme(text=FILE.replace(before, after), by=None, now=NOW)
    assert caught.value.code == "bad_distribution"
