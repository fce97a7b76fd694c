"""The work log by day: what is expected, what may still be written, the two clocks, and sending twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from appraisal.evidence.intake.fields import FIELDS
from appraisal.evidence.models import EvidenceKind, WorkLog, WorkLogEntry
from appraisal.evidence.records import withdraw_record, write_rows
from appraisal.evidence.worklog_days import DayState, get_day, list_days, version_of
from appraisal.evidence.worklogs import DayConflict, DayRefused, Outcome, Writing, moment_of, write_day
from engineers.models import AuditEntry, Engineer, Leave, Role
from tests.factories import EngineerFactory, TicketFactory, UserFactory, WorkLogFactory

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")
TUESDAY = date(2026, 3, 3)


def at(day: int, hour: int = 17, minute: int = 0) -> datetime:
    """Return an instant of March 2026, Shanghai time."""
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


ON_THE_DAY = at(3)


@pytest.fixture
def engineer() -> Engineer:
    made: Engineer = EngineerFactory(employee_no="E1", user=UserFactory(username="one"))
    return made


def write(
    engineer: Engineer, *, now: datetime = ON_THE_DAY, day: date = TUESDAY, key: UUID | None = None, **said: Any
) -> tuple[WorkLog, Outcome]:
    writing = Writing(key=key or uuid4(), day=day, **({"work": "Pump replaced"} | said))
    assert engineer.user
    return write_day(writing=writing, by=engineer.user, now=now)


def refusal(engineer: Engineer, **said: Any) -> str:
    with pytest.raises(DayRefused) as refused:
        write(engineer, **said)
    return refused.value.code


def states(engineer: Engineer, first: date, last: date, now: datetime) -> dict[int, str]:
    days = list_days(engineer=engineer, first_date=first, last_date=last, now=now)
    return {each.day.day: each.state.value for each in days}


def test_a_log_written_by_hand_is_computed_as_an_imported_row_is(engineer: Engineer) -> None:
    minutes = {"wrench_minutes": 300, "travel_minutes": 60, "other_minutes": 90}
    log, outcome = write(engineer, problems="No spare part", tickets="T1、T2 T1", **minutes)
    row = {"source": "file", "external_id": "L1", "engineer": "E1", "day": "2026-03-03", "work": "Pump replaced"}
    row |= {"logged_at": "2026-03-03T17:00:00+08:00", "problems": "No spare part", "tickets": "T1, T2"}
    write_rows(kind="worklogs", rows=[row | minutes], by=UserFactory(roles=[Role.HR]), now=at(3))
    imported = WorkLog.objects.get(source="file")
    own = {"id", "source", "external_id"}
    fields = [field.attname for field in WorkLog._meta.concrete_fields if field.attname not in own]
    assert {name: getattr(log, name) for name in fields} == {name: getattr(imported, name) for name in fields}
    assert (outcome, log.logged_in_time, log.tickets) == (Outcome.CREATED, True, "T1, T2")
    entry = AuditEntry.objects.filter(action="evidence.record_created", target_id=log.pk).get()
    assert (entry.actor, entry.concerned_id) == (engineer.user, engineer.pk)


@pytest.mark.parametrize(
    ("now", "in_time"),
    [(at(4, 23, 59), True), (at(5, 0), False)],
)
def test_a_log_is_in_time_until_the_end_of_the_next_workday(engineer: Engineer, now: datetime, in_time: bool) -> None:
    assert write(engineer, now=now)[0].logged_in_time is in_time


def test_over_a_holiday_the_window_lasts_until_the_first_workday_after_it(engineer: Engineer) -> None:
    # 14 February 2026 is a make-up Saturday; the festival lasts until the 23rd, the 24th is worked.
    day = date(2026, 2, 14)
    last = datetime(2026, 2, 24, 23, 59, tzinfo=SHANGHAI)
    found = get_day(engineer=engineer, day=day, now=last)
    assert (found.is_makeup, found.is_expected, found.state) == (True, True, DayState.OPEN)
    assert found.until == datetime(2026, 2, 25, tzinfo=SHANGHAI)
    assert write(engineer, day=day, now=last)[0].logged_in_time is True


def test_within_the_window_a_log_is_changed_and_keeps_when_it_was_logged(engineer: Engineer) -> None:
    log, _outcome = write(engineer)
    changed, outcome = write(engineer, now=at(4), base=version_of(log), work="Pump and seal replaced")
    assert (outcome, changed.pk, changed.work) == (Outcome.CHANGED, log.pk, "Pump and seal replaced")
    assert (changed.logged_at, WorkLogEntry.objects.count()) == (at(3), 2)


def test_after_the_window_a_log_stays_as_it_is(engineer: Engineer) -> None:
    log, _outcome = write(engineer)
    assert refusal(engineer, now=at(5, 0), base=version_of(log), work="Something else") == "closed"
    log.refresh_from_db()
    assert log.work == "Pump replaced"


def test_a_day_without_a_log_is_written_late_once_for_fourteen_days(engineer: Engineer) -> None:
    assert refusal(engineer, now=at(18)) == "too_late"
    log, _outcome = write(engineer, now=at(17))
    assert log.logged_in_time is False
    assert refusal(engineer, now=at(17), base=version_of(log), work="Better words") == "closed"


def test_a_day_to_come_is_refused_by_the_engineers_own_calendar_day(engineer: Engineer) -> None:
    late_monday = datetime(2026, 3, 2, 15, 59, tzinfo=UTC)  # a minute before midnight in Shanghai
    assert refusal(engineer, now=late_monday) == "still_to_come"
    assert write(engineer, now=late_monday + timedelta(minutes=1))[1] is Outcome.CREATED


def test_the_same_key_sent_again_changes_nothing(engineer: Engineer) -> None:
    key = uuid4()
    log, _outcome = write(engineer, key=key)
    write(engineer, base=version_of(log), work="Later words")
    again, outcome = write(engineer, key=key, now=at(9))
    assert (outcome, again.work, WorkLog.objects.count()) == (Outcome.UNCHANGED, "Later words", 1)
    other = EngineerFactory(user=UserFactory())
    assert refusal(other, key=key) == "key_taken"


def test_a_newer_version_is_not_overwritten_unseen(engineer: Engineer) -> None:
    first, _outcome = write(engineer)
    write(engineer, base=version_of(first), work="From the desk")
    with pytest.raises(DayConflict) as conflict:
        write(engineer, base=version_of(first), work="From the phone")
    assert conflict.value.current is not None
    assert conflict.value.current.work == "From the desk"
    with pytest.raises(DayConflict):
        write(engineer, work="From a phone that never saw it")
    # The same words are no conflict, whatever was seen.
    assert write(engineer, work="From the desk")[1] is Outcome.UNCHANGED


def test_a_change_by_hr_is_a_newer_version_too(engineer: Engineer) -> None:
    log, _outcome = write(engineer)
    row = {"source": log.source, "external_id": log.external_id, "engineer": "E1", "day": "2026-03-03"}
    write_rows(kind="worklogs", rows=[row | {"work": "As HR says"}], by=UserFactory(roles=[Role.HR]), now=at(3))
    with pytest.raises(DayConflict):
        write(engineer, base=version_of(log), work="As I say")


def test_what_another_system_wrote_or_hr_took_back_is_not_written_over(engineer: Engineer) -> None:
    WorkLogFactory(engineer=engineer, day=TUESDAY)
    assert refusal(engineer) == "foreign"
    log, _outcome = write(engineer, day=date(2026, 3, 4), now=at(4))
    by = UserFactory(roles=[Role.HR])
    withdraw_record(kind="worklogs", record_id=log.pk, reason="Entered for somebody else", by=by, now=at(4))
    assert refusal(engineer, day=date(2026, 3, 4), now=at(4)) == "withdrawn"
    assert get_day(engineer=engineer, day=date(2026, 3, 4), now=at(4)).may_write is False


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"work": "  "}, "work"),
        ({"work": "x" * 10_001}, "work"),
        ({"wrench_minutes": 1441}, "wrench_minutes"),
        ({"travel_minutes": -1}, "travel_minutes"),
        ({"wrench_minutes": 1000, "travel_minutes": 400, "other_minutes": 41}, "other_minutes"),
        ({"tickets": "T" * 501}, "tickets"),
        ({"day": date(1999, 12, 31)}, "day"),
    ],
)
def test_wrong_content_is_told_beside_its_field(engineer: Engineer, said: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        write(engineer, **said)
    assert list(refused.value.message_dict) == [field]
    assert not WorkLog.objects.exists()


def test_all_minutes_of_a_day_may_be_logged(engineer: Engineer) -> None:
    log, _outcome = write(engineer, wrench_minutes=1000, travel_minutes=400, other_minutes=40)
    assert log.wrench_minutes + log.travel_minutes + log.other_minutes == 1440


def test_only_an_engineer_writes_and_only_the_own_log(engineer: Engineer) -> None:
    with pytest.raises(Http404):
        write_day(writing=Writing(key=uuid4(), day=TUESDAY, work="x"), by=UserFactory(roles=[Role.HR]), now=at(3))
    assert refusal(engineer, employee_no="E2") == "other_person"


DAY_START, RECEIVED = at(3, 0), at(9, 12)


@pytest.mark.parametrize(
    ("device_at", "expected"),
    [
        (None, (RECEIVED, False)),
        (at(3, 0), (at(3, 0), True)),  # the day has begun
        (at(2, 23, 59), (RECEIVED, False)),  # before the day itself
        (at(3, 18), (at(3, 18), True)),
        (at(9, 11, 54), (at(9, 11, 54), True)),
        (at(9, 11, 55), (RECEIVED, False)),  # no more apart than clocks are: it was sent at once
        (at(9, 12, 1), (RECEIVED, False)),  # later than the server's own clock
        (at(30), (RECEIVED, False)),
    ],
)
def test_the_devices_clock_counts_only_where_it_is_credible(
    device_at: datetime | None, expected: tuple[datetime, bool]
) -> None:
    assert moment_of(day_start=DAY_START, device_at=device_at, received_at=RECEIVED) == expected


def test_a_device_without_a_network_for_more_than_seven_days_is_not_believed() -> None:
    week_ago = RECEIVED - timedelta(days=7)
    start = week_ago - timedelta(hours=12)
    assert moment_of(day_start=start, device_at=week_ago, received_at=RECEIVED) == (week_ago, True)
    before = week_ago - timedelta(microseconds=1)
    assert moment_of(day_start=start, device_at=before, received_at=RECEIVED) == (RECEIVED, False)


def test_an_entry_sent_later_is_in_time_by_the_devices_clock_and_keeps_both(engineer: Engineer) -> None:
    log, _outcome = write(engineer, now=at(9), device_at=at(3, 18))
    entry = WorkLogEntry.objects.get()
    assert (log.logged_in_time, log.logged_at) == (True, at(3, 18))
    assert (entry.device_at, entry.received_at, entry.from_device) == (at(3, 18), at(9), True)
    # A clock that was set to before the day does not help.
    late, _outcome = write(engineer, day=date(2026, 3, 4), now=at(9), device_at=at(3, 18))
    assert (late.logged_in_time, late.logged_at) == (False, at(9))


def test_a_change_without_a_network_counts_by_the_devices_clock(engineer: Engineer) -> None:
    log, _outcome = write(engineer)
    said = {"base": version_of(log), "work": "Pump and seal replaced", "now": at(9)}
    assert refusal(engineer, **said, device_at=at(5, 0, 1)) == "closed"
    assert write(engineer, **said, device_at=at(4, 20))[1] is Outcome.CHANGED


def test_a_device_time_that_counts_must_be_known_to_the_database(engineer: Engineer) -> None:
    log, _outcome = write(engineer)
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkLogEntry.objects.create(key=uuid4(), log=log, received_at=at(3), from_device=True)


def test_a_key_is_stored_once_in_the_database(engineer: Engineer) -> None:
    key = uuid4()
    log, _outcome = write(engineer, key=key)
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkLogEntry.objects.create(key=key, log=log, received_at=at(3), from_device=False)


def test_the_month_tells_what_became_of_each_day(engineer: Engineer) -> None:
    Leave.objects.create(engineer=engineer, start_date=date(2026, 3, 5), end_date=date(2026, 3, 5))
    write(engineer, day=date(2026, 3, 2), now=at(2))
    write(engineer, day=date(2026, 3, 3), now=at(6))
    WorkLogFactory(engineer=engineer, day=date(2026, 3, 6), logged_in_time=None)
    now = at(11, 9)
    assert states(engineer, date(2026, 3, 2), date(2026, 3, 12), now) == {
        2: "in_time",
        3: "late",
        4: "missing",
        5: "leave",
        6: "undated",
        7: "off",
        8: "off",
        9: "missing",
        10: "open",
        11: "open",
        12: "ahead",
    }
    writable = list_days(engineer=engineer, first_date=date(2026, 3, 1), last_date=date(2026, 3, 12), now=now)
    # The 2nd and 3rd are logged and closed, the 6th is another system's, the 12th is still to come.
    assert [each.day.day for each in writable if each.may_write] == [1, 4, 5, 7, 8, 9, 10, 11]


def test_a_month_and_a_day_ask_the_same_number_of_questions(engineer: Engineer) -> None:
    for number in range(1, 4):
        WorkLogFactory(engineer=engineer, day=date(2026, 3, number))
    counted = []
    for first in (date(2026, 3, 3), date(2026, 3, 1)):
        with CaptureQueriesContext(connection) as captured:
            list_days(engineer=engineer, first_date=first, last_date=TUESDAY, now=at(20))
        counted.append(len(captured))
    assert counted[0] == counted[1]


# --- Page and API: the same action. ---


@pytest.fixture
def client(engineer: Engineer) -> Client:
    found = Client(headers={"accept-language": "en"})
    assert engineer.user
    found.force_login(engineer.user)
    return found


def today_of(engineer: Engineer) -> date:
    return timezone.now().astimezone(SHANGHAI).date()


def test_the_form_logs_a_day_without_any_script(client: Client, engineer: Engineer) -> None:
    today = today_of(engineer)
    address = reverse("worklog_day", args=[today])
    form = client.get(reverse("worklog")).context["form"]
    sent = {"key": str(form["key"].value()), "base": "", "work": "Pump replaced", "wrench_minutes": "120"}
    assert client.post(address, sent).status_code == 302
    assert client.post(address, sent).status_code == 302  # a second click
    log = WorkLog.objects.get()
    assert (log.day, log.work, log.wrench_minutes, log.travel_minutes) == (today, "Pump replaced", 120, 0)
    assert log.logged_in_time is True
    page = client.get(address)
    assert "logged, in time" in page.content.decode()
    assert page.context["form"]["work"].value() == "Pump replaced"


def test_a_wrong_form_keeps_the_words_and_names_the_field(client: Client, engineer: Engineer) -> None:
    address = reverse("worklog_day", args=[today_of(engineer)])
    sent = {"key": str(uuid4()), "work": "Pump", "wrench_minutes": "1400", "travel_minutes": "41"}
    answer = client.post(address, sent)
    assert answer.status_code == 422
    assert answer.context["form"].errors == {
        "other_minutes": ["Together these are more than the 1440 minutes of a day."]
    }
    assert not WorkLog.objects.exists()


def test_a_conflict_shows_what_is_stored_and_saving_again_replaces_it(client: Client, engineer: Engineer) -> None:
    today = today_of(engineer)
    address = reverse("worklog_day", args=[today])
    write(engineer, day=today, now=timezone.now(), work="From the desk")
    answer = client.post(address, {"key": str(uuid4()), "base": "", "work": "From the phone"})
    assert answer.status_code == 409
    assert "From the desk" in answer.content.decode()
    form = answer.context["form"]
    again = {"key": form["key"].value(), "base": form["base"].value(), "work": form["work"].value()}
    assert client.post(address, again).status_code == 302
    assert WorkLog.objects.get().work == "From the phone"


def test_a_day_beyond_all_calendars_is_no_page(client: Client) -> None:
    for day in ("1999-12-31", "9999-12-31"):
        assert client.get(f"/worklog/{day}/").status_code == 404
        assert client.get(f"/api/v1/worklog/{day}/").status_code == 404
    assert client.get("/worklog/2026-02-30/").status_code == 404
    assert client.get("/api/v1/worklog/2026-02-30/").status_code == 404


def test_the_api_creates_changes_repeats_and_tells_conflicts(client: Client, engineer: Engineer) -> None:
    today = today_of(engineer)
    address = reverse("api:worklog-list")

    def send(**said: Any) -> Any:
        sent = {"key": str(uuid4()), "day": today.isoformat(), "work": "Pump", "engineer": "E1"} | said
        return client.post(address, sent, content_type="application/json")

    key = str(uuid4())
    created, repeated = send(key=key), send(key=key)
    assert (created.status_code, created.json()["outcome"]) == (201, "created")
    assert (repeated.status_code, repeated.json()["outcome"]) == (200, "unchanged")
    version = created.json()["day"]["version"]
    assert version == version_of(WorkLog.objects.get())
    assert send(base=version, work="Pump, seal").json()["outcome"] == "changed"
    conflict = send(base=version, work="Only the pump")
    assert (conflict.status_code, conflict.json()["code"]) == (409, "conflict")
    assert conflict.json()["day"]["logs"][0]["work"] == "Pump, seal"
    refused = send(engineer="E2")
    assert (refused.status_code, refused.json()["code"]) == (409, "other_person")
    wrong = send(wrench_minutes=800, travel_minutes=800)
    assert (wrong.status_code, list(wrong.json())) == (400, ["other_minutes"])
    assert send(day="2026-13-01").status_code == 400
    assert WorkLog.objects.count() == 1


def test_the_api_lists_days_up_to_a_limit(client: Client, engineer: Engineer) -> None:
    address = reverse("api:worklog-list")
    found = client.get(address, {"first": "2026-02-13", "last": "2026-02-16"}).json()
    assert (found["engineer"], [day["is_expected"] for day in found["days"]]) == ("E1", [True, True, False, False])
    assert [day["is_makeup"] for day in found["days"]] == [False, True, False, False]
    for span in ({"first": "2026-01-01", "last": "2026-04-03"}, {"first": "2026-02-02", "last": "2026-02-01"}):
        assert client.get(address, span).status_code == 400
    assert client.get(address, {"first": "x"}).status_code == 400
    assert len(client.get(address).json()["days"]) == 35


def test_what_a_browser_keeps_holds_nobodys_data(client: Client, engineer: Engineer) -> None:
    shell = client.get(reverse("worklog_offline")).content.decode()
    assert engineer.name not in shell
    assert "csrfmiddlewaretoken" not in shell
    assert shell == Client(headers={"accept-language": "en"}).get(reverse("worklog_offline")).content.decode()
    script = client.get(reverse("service_worker"))
    assert (script.headers["Content-Type"], script.headers["Cache-Control"]) == ("text/javascript", "no-cache")
    in_chinese = Client(headers={"accept-language": "zh-hans"}).get(reverse("service_worker"))
    assert script.content != in_chinese.content  # another version is kept for another language
    manifest = client.get(reverse("web_manifest"))
    assert manifest.headers["Content-Type"] == "application/manifest+json"
    assert {icon["sizes"] for icon in manifest.json()["icons"]} == {"192x192", "512x512", "any"}
    policy = manifest.headers["Content-Security-Policy"]
    assert "worker-src 'self'" in policy
    assert "manifest-src 'self'" in policy


def test_a_number_that_no_ticket_has_is_told_and_the_day_is_logged(client: Client, engineer: Engineer) -> None:
    """The file with the tickets may come after the day: the number is marked, not refused."""
    TicketFactory(engineer=engineer, external_id="T-1")
    door = reverse("worklog_day", args=[today_of(engineer)])
    sent = {"key": uuid4(), "work": "Repaired", "tickets": "T-1，T-9, T-9"}
    page = client.post(door, sent, follow=True).content.decode()
    assert "No ticket is known by this number (yet): T-9. Look whether it is written right." in page
    assert WorkLog.objects.get().tickets == "T-1, T-9"
    TicketFactory(engineer=engineer, external_id="T-9")
    assert "No ticket is known" not in client.get(door).content.decode()


def test_a_text_that_is_too_long_is_told_beside_its_field(client: Client, engineer: Engineer) -> None:
    door = reverse("worklog_day", args=[today_of(engineer)])
    longest = FIELDS[EvidenceKind.WORKLOGS]["work"].longest or 0
    page = client.post(door, {"key": uuid4(), "work": "x" * (longest + 1)})
    assert (page.status_code, set(page.context["form"].errors)) == (422, {"work"})
    assert not WorkLog.objects.exists()
