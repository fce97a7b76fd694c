"""The pages about people, and what they choose for their own pages: who sees them, what they show, what they cost."""

from datetime import UTC, date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from engineers.clock import organisation_day, organisation_time, reader_time
from engineers.models import AuditEntry, Engineer, Role, User
from tests.factories import (
    EngineerFactory,
    JobProfileFactory,
    TeamFactory,
    UserFactory,
    auditor_user,
    hr_user,
)

pytestmark = pytest.mark.django_db
PAGES = ("engineer_list", "team_tree")


@pytest.fixture
def hr(client):
    client.force_login(hr_user(language="en"))
    return client


@pytest.mark.parametrize("page", [*PAGES, "staff_import"])
def test_a_stranger_is_sent_to_the_log_in(client, page):
    answer = client.get(reverse(page))
    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/login/")


def test_neither_engineer_nor_manager_nor_administrator_finds_the_pages(client):
    engineer = EngineerFactory(with_account=True)
    manager = TeamFactory(manager=UserFactory()).manager
    for user in (engineer.user, manager, UserFactory(roles=[Role.ADMINISTRATOR])):
        client.force_login(user)
        for page in (*PAGES, "staff_import"):
            assert client.get(reverse(page)).status_code == 404
        assert client.get(reverse("engineer_detail", args=[engineer.pk])).status_code == 404


def test_an_auditor_reads_and_imports_nothing(client):
    engineer = EngineerFactory()
    client.force_login(auditor_user())
    for page in PAGES:
        assert client.get(reverse(page)).status_code == 200
    assert client.get(reverse("engineer_detail", args=[engineer.pk])).status_code == 200
    assert client.get(reverse("staff_import")).status_code == 404
    assert client.post(reverse("staff_import")).status_code == 404


def test_the_list_finds_by_number_name_and_team(hr):
    top = TeamFactory(name="Top")
    below = TeamFactory(name="Below", parent=top)
    EngineerFactory(employee_no="A1", name="Ann", team=below)
    EngineerFactory(employee_no="B2", name="Bob", team=TeamFactory())
    EngineerFactory(employee_no="C3", name="Cid", team=below, team__end_date=date(2020, 1, 1))

    def found(**query) -> list[str]:
        answer = hr.get(reverse("engineer_list"), query)
        return [engineer.employee_no for engineer in answer.context["page"]]

    assert found() == ["A1", "B2", "C3"]
    assert found(q="b2") == ["B2"]
    assert found(q="An") == ["A1"]
    assert found(team=top.pk) == ["A1"]
    assert found(team="nonsense", page="nonsense") == ["A1", "B2", "C3"]


def test_the_list_is_paged_and_costs_the_same_however_many_there_are(hr, django_assert_num_queries):
    profile, team = JobProfileFactory(), TeamFactory()
    for _ in range(3):
        EngineerFactory(profile=profile, team=team, with_account=True)
    hr.get(reverse("engineer_list"))
    with django_assert_num_queries(12) as few:
        hr.get(reverse("engineer_list"))
    for _ in range(60):
        EngineerFactory(profile=profile, team=team, with_account=True)
    with django_assert_num_queries(len(few.captured_queries)):
        answer = hr.get(reverse("engineer_list"))
    assert len(answer.context["page"]) == 50
    assert answer.context["page"].paginator.count == 63


def test_a_person_is_shown_with_periods_manager_and_account(hr):
    team = TeamFactory(name="North", manager=UserFactory(first_name="Max"))
    engineer = EngineerFactory(
        name="Ann", team=team, team__start_date=date(2025, 1, 1), employed__start_date=date(2024, 5, 6)
    )
    page = hr.get(reverse("engineer_detail", args=[engineer.pk])).content.decode()
    for text in ("Ann", "North", "Max", "2025-01-01", "2024-05-06", "no account"):
        assert text in page
    assert hr.get(reverse("engineer_detail", args=[engineer.pk + 1])).status_code == 404


def test_the_tree_shows_teams_below_their_parent(hr):
    top = TeamFactory(name="Top", code="a")
    TeamFactory(name="Other", code="b")
    EngineerFactory(team=TeamFactory(name="Below", code="c", parent=top))
    rows = hr.get(reverse("team_tree")).context["page"]
    assert [(row.team.name, row.depth, row.members) for row in rows] == [
        ("Top", 0, 0),
        ("Below", 1, 1),
        ("Other", 0, 0),
    ]


def test_a_list_uploaded_in_the_browser_goes_in(hr):
    file = SimpleUploadedFile("staff.csv", "工号,姓名,入职日期\nE1,王伟,\nE2,李刚,不详\n".encode("gb18030"))
    page = hr.post(reverse("staff_import"), {"file": file}).content.decode()
    assert Engineer.objects.get().name == "王伟"
    assert "不详" in page
    assert "入职日期" in page


def test_only_checking_stores_nothing(hr):
    file = SimpleUploadedFile("staff.csv", b"employee_no,name\nE1,Ann\n")
    answer = hr.post(reverse("staff_import"), {"file": file, "dry_run": "on"})
    assert answer.context["outcome"].created == 1
    assert not Engineer.objects.exists()


@pytest.mark.parametrize("content", [b"%PDF-1.7", b"a,b\n1,2\n", b""])
def test_a_file_that_is_no_staff_list_gets_a_reason_beside_the_field(hr, content):
    answer = hr.post(reverse("staff_import"), {"file": SimpleUploadedFile("staff.csv", content)})
    assert answer.status_code == 422
    assert answer.context["form"].errors["file"]


def test_the_language_is_kept_by_browser_and_account(client):
    user = UserFactory()
    client.force_login(user)
    answer = client.post(reverse("choose_language"), {"language": "en", "next": "/people/?q=a"})
    assert (answer.status_code, answer.url) == (302, "/people/?q=a")
    assert answer.cookies["django_language"].value == "en"
    user.refresh_from_db()
    assert user.language == "en"


@pytest.mark.parametrize(("before", "after"), [("", "en"), ("zh-hans", "zh-hans")])
def test_the_first_log_in_keeps_the_language_of_the_browser_in_the_account(client, before, after):
    user = UserFactory(username="ann", language=before)
    user.set_password("Correct-horse-7")
    user.save()
    page = {"login": "ann", "password": "Correct-horse-7"}
    assert client.post(reverse("account_login"), page, headers={"accept-language": "en"}).status_code == 302
    user.refresh_from_db()
    assert user.language == after


def test_times_are_in_the_zone_of_the_reader_and_the_page_says_which(client):
    user = UserFactory(language="en")
    client.force_login(user)
    AuditEntry.objects.create(at=datetime(2026, 7, 1, 20, 30, tzinfo=UTC), action="job.started", actor=user)
    user.user_roles.create(role=Role.AUDITOR)
    before = client.get(reverse("audit_list")).content.decode()
    assert ">2026-07-02 04:30<" in before
    assert "Times are in Asia/Shanghai, UTC+08:00." in before
    answer = client.post(reverse("choose_time_zone"), {"time_zone": "Asia/Kolkata", "next": "/audit/"})
    assert answer.url == "/audit/"
    after = client.get(reverse("audit_list")).content.decode()
    assert '<time datetime="2026-07-02T02:00:00+05:30">2026-07-02 02:00</time>' in after
    assert "Times are in Asia/Kolkata, UTC+05:30." in after


def test_a_zone_that_is_not_there_is_refused_beside_the_field_and_one_that_is_gone_is_the_organisations(client):
    user = UserFactory(language="en")
    client.force_login(user)
    answer = client.post(reverse("choose_time_zone"), {"time_zone": "Mars/Base"})
    assert answer.status_code == 422
    assert answer.context["form"].errors["time_zone"]
    User.objects.filter(pk=user.pk).update(time_zone="Mars/Base")
    assert "Asia/Shanghai, UTC+08:00" in client.get(reverse("choose_time_zone")).content.decode()


def test_the_day_of_the_organisation_does_not_move_with_the_reader():
    at = datetime(2026, 7, 1, 20, 30, tzinfo=UTC)
    with timezone.override("America/New_York"):
        assert organisation_day(at) == date(2026, 7, 2)
        assert (organisation_time(at), reader_time(at)) == ("2026-07-02 04:30", "2026-07-01 16:30")


def test_a_stranger_may_choose_the_language(client):
    answer = client.post(reverse("choose_language"), {"language": "en", "next": "/accounts/login/"})
    assert answer.url == "/accounts/login/"
    assert answer.cookies["django_language"].value == "en"


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_language_never_leads_away(client, back):
    answer = client.post(reverse("choose_language"), {"language": "en", "next": back})
    assert answer.url == "/"


def test_an_unknown_language_is_not_kept(client):
    assert "django_language" not in client.post(reverse("choose_language"), {"language": "xx"}).cookies


def test_the_look_is_kept_in_the_browser_and_comes_with_the_page(client):
    answer = client.post(reverse("choose_theme"), {"theme": "dark", "next": "/accounts/login/"})
    assert answer.headers["Location"] == "/accounts/login/"
    page = client.get("/accounts/login/").content.decode()
    assert 'data-theme="dark" data-bs-theme="dark"' in page
    assert 'name="theme" value="auto"' in page, "the next press leads back to the device's own look"


def test_a_look_nobody_offers_is_not_kept(client):
    assert "theme" not in client.post(reverse("choose_theme"), {"theme": "neon"}).cookies
