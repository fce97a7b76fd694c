"""Pages and API of 360° feedback: forms without scripts, what each role reads, a customer's link."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import ANY

import pytest
import time_machine
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import Cycle, CycleState
from appraisal.feedback import actions
from appraisal.feedback.models import AnswerSheet, FeedbackRequest, FeedbackRound, Remark
from appraisal.jobs.actions import run_now
from appraisal.jobs.models import Job
from appraisal.notices.models import Notice
from engineers.models import AuditEntry, Engineer, User
from tests.factories import EngineerFactory, TeamFactory, UserFactory, auditor_user, hr_user
from tests.integration.feedback.asking import (
    AFTER,
    DURING,
    answer,
    ask,
    ask_and_answer,
    make_round,
    release,
    same,
    token_of,
)

pytestmark = pytest.mark.django_db

GOOD = {"cooperation": "4", "skill": "none", "relations": "5"}


class Office:
    """A team with a manager, and a round of feedback about one of its engineers."""

    def __init__(self) -> None:
        self.hr, self.auditor = hr_user(username="hr"), auditor_user(username="auditor")
        self.manager, self.own, self.colleague = (UserFactory(username=n) for n in ("boss", "one", "two"))
        self.team = TeamFactory(manager=self.manager)
        self.ratee: Engineer = EngineerFactory(name="Li Wei", user=self.own, team=self.team)
        self.feedback: FeedbackRound = make_round()
        self.cycle: Cycle = self.feedback.cycle

    def address(self, name: str, *more: object) -> str:
        return reverse(name, args=[self.cycle.code, *more])

    def ask(self, group: str = "peer", rater: User | None = None) -> FeedbackRequest:
        return ask(self.feedback, self.ratee, group, by=self.hr, rater=rater)

    def publish(self) -> None:
        Cycle.objects.filter(pk=self.cycle.pk).update(state=CycleState.PUBLISHED)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture(autouse=True)
def _during() -> Iterator[None]:
    with time_machine.travel(DURING + timedelta(hours=1), tick=False):
        yield


def client_of(user: User | None = None) -> Client:
    client = Client(headers={"accept-language": "en"})
    if user:
        client.force_login(user)
    return client


def text_of(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined]


def test_a_colleague_answers_by_a_plain_form(office: Office) -> None:
    task = office.ask(rater=office.colleague)
    client = client_of(office.colleague)
    assert "Li Wei" in text_of(client.get(reverse("feedback_tasks")))
    page = text_of(client.get(reverse("feedback_answer", args=[task.pk])))
    assert "mean of at least 3 people" in page
    sent = client.post(reverse("feedback_answer", args=[task.pk]), GOOD | {"remark": "Always helps"}, follow=True)
    assert "stored without your name" in text_of(sent)
    assert AnswerSheet.objects.get().answers == {"cooperation": 4, "skill": None, "relations": 5}
    assert Remark.objects.get().text == "Always helps"
    again = client.post(reverse("feedback_answer", args=[task.pk]), GOOD)
    assert again.status_code == 422
    assert "You have answered this already" in text_of(again)
    assert AnswerSheet.objects.count() == 1


def test_what_was_entered_stays_when_something_is_missing(office: Office) -> None:
    task = office.ask(rater=office.colleague)
    given = {"cooperation": "4", "remark": "Kept <b>words</b>"}
    page = client_of(office.colleague).post(reverse("feedback_answer", args=[task.pk]), given)
    assert page.status_code == 422
    shown = text_of(page)
    assert 'name="cooperation" value="4" checked' in shown
    assert "Kept &lt;b&gt;words" in shown
    assert shown.count("Choose an answer") == 2


def test_a_superior_is_told_that_the_answers_are_known_to_be_theirs(office: Office) -> None:
    task = office.ask("manager", rater=office.manager)
    page = text_of(client_of(office.manager).get(reverse("feedback_answer", args=[task.pk])))
    assert "they are not anonymous" in page


def test_only_hr_sees_who_has_answered_and_who_declined(office: Office) -> None:
    answered, declined = office.ask(rater=office.colleague), office.ask()
    answer(answered, same("peer", 4))
    client_of(declined.rater).post(
        reverse("feedback_decline", args=[declined.pk]), {"reason": "A reason for HR alone"}
    )
    raters = office.address("feedback_raters", office.ratee.pk)
    api = office.address("api:feedback-round-raters", office.ratee.pk)
    states = {
        user.username: [row["state"] for row in client_of(user).get(api).json()]
        for user in (office.hr, office.auditor, office.manager, office.own)
    }
    assert states == {
        "hr": ["answered", "declined"],
        "auditor": ["approved", "approved"],
        "boss": ["approved", "approved"],
        "one": ["approved", "approved"],
    }
    for user in (office.auditor, office.manager, office.own):
        page = text_of(client_of(user).get(raters))
        assert "A reason for HR alone" not in page
        assert "declined" not in page
    assert "A reason for HR alone" in text_of(client_of(office.hr).get(office.address("feedback_requests")))


def test_refusing_what_was_answered_looks_to_a_manager_like_refusing_what_was_not(office: Office) -> None:
    answered, waiting = office.ask(), office.ask()
    answer(answered, same("peer", 4))
    client = client_of(office.manager)
    pages = [
        text_of(
            client.post(
                office.address("feedback_decide", request.pk),
                {"decision": "refuse", "reason": "Not this one"},
                follow=True,
            )
        )
        for request in (answered, waiting)
    ]
    assert all("This was decided already." in page for page in pages)
    assert {request.state for request in FeedbackRequest.objects.all()} == {"answered", "approved"}


def test_hr_who_is_appraised_does_not_see_who_answered_about_them(office: Office) -> None:
    own = hr_user()
    me = EngineerFactory(user=own, team=office.team)
    mine = ask(office.feedback, me, "peer", by=office.hr)
    answer(mine, same("peer", 2))
    rows = client_of(own).get(office.address("api:feedback-round-raters", me.pk)).json()
    assert [row["state"] for row in rows] == ["approved"]
    assert me.name not in text_of(client_of(own).get(office.address("feedback_requests")))
    release(office.feedback, by=office.hr)
    assert client_of(own).get(office.address("feedback_result", me.pk)).status_code == 404
    assert client_of(own).get(office.address("api:feedback-round-results")).json()["count"] == 0
    assert client_of(office.hr).get(office.address("api:feedback-round-results")).json()["count"] == 1


def test_who_reads_a_result_and_when(office: Office) -> None:
    ask_and_answer(office.feedback, office.ratee, {"manager": [4], "peer": [4, 4, 5]}, by=office.hr)
    users = [office.hr, office.auditor, office.manager, office.own, office.colleague]
    page = office.address("feedback_result", office.ratee.pk)

    def seen() -> list[int]:
        return [client_of(user).get(page).status_code for user in users]

    assert seen() == [404] * 5, "nothing before the release"
    release(office.feedback, by=office.hr)
    assert seen() == [200, 200, 200, 404, 404], "the engineer reads it with the published cycle"
    office.publish()
    assert seen() == [200, 200, 200, 200, 404]
    shown = text_of(client_of(office.own).get(page))
    assert "4.33" in shown
    assert "Too few answers" in shown


def test_aggregates_are_exported_after_the_release_and_audited(office: Office) -> None:
    ask_and_answer(
        office.feedback, office.ratee, {"manager": [4], "peer": [3, 4, 4], "subordinate": [1]}, by=office.hr
    )
    client = client_of(office.hr)
    export = office.address("feedback_export", "csv")
    assert client.post(export).status_code == 404
    release(office.feedback, by=office.hr)
    rows = list(csv.DictReader(io.StringIO(client.post(export).content.decode("utf-8-sig"))))
    assert len(rows) == 1
    assert rows[0]["Score, 1 to 5"] == "3.86"
    assert rows[0]["colleagues: mean"] == "3.67"
    assert {rows[0][title] for title in rows[0] if title.startswith("subordinates")} == {""}
    assert client.post(office.address("feedback_export", "xlsx")).content.startswith(b"PK")
    assert client.post(office.address("feedback_export", "pdf")).status_code == 404
    assert client_of(office.auditor).post(export).status_code == 404
    assert AuditEntry.objects.filter(action="feedback.exported").count() == 2


def test_hr_plans_changes_reminds_and_releases_in_the_browser(office: Office) -> None:
    client = client_of(office.hr)
    FeedbackRound.objects.all().delete()
    page = office.address("feedback_round")
    fields = {
        f"{group}_{name}": value
        for group, most in (("manager", 1), ("peer", 4), ("subordinate", 4), ("customer", 0))
        for name, value in (("weight", 25), ("fewest", 1 if group == "manager" else 3), ("most", most))
    }
    dates = {"opens_at": "2026-04-01T00:00", "closes_at": "2026-04-10T00:00"}
    wrong = client.post(page, dates | fields | {"peer_fewest": 2})
    assert wrong.status_code == 422
    assert "at least 3 raters" in text_of(wrong)
    assert client.post(page, dates | fields).status_code == 302
    feedback = FeedbackRound.objects.get()
    assert client.post(page, dates | fields | {"closes_at": "2026-04-09T00:00"}).status_code == 302
    task = ask(feedback, office.ratee, "peer", by=office.hr, rater=office.colleague)
    Notice.objects.all().delete()
    client.post(office.address("feedback_remind"))
    run_now(Job.objects.get(kind=actions.REMIND), DURING)
    assert list(Notice.objects.values_list("user__username", "topic")) == [("two", "feedback.reminder")]
    early = client.post(office.address("feedback_release"), follow=True)
    assert "released after its last day" in text_of(early)
    answer(task, same("peer", 3))
    with time_machine.travel(AFTER, tick=False):
        client = client_of(office.hr)
        client.post(office.address("feedback_release"))
        client.post(office.address("feedback_release"))
        assert Job.objects.filter(kind=actions.RELEASE).count() == 1
        run_now(Job.objects.get(kind=actions.RELEASE), AFTER)
        assert "Results" in text_of(client.get(page))


def test_a_customer_answers_once_by_link_in_their_language(office: Office) -> None:
    client = client_of(office.hr)
    contact = {"employee_no": office.ratee.employee_no, "name": "Mr Wang", "address": "Wang@Example.org"}
    client.post(office.address("feedback_customers"), contact | {"language": "zh-hans"})
    client.post(office.address("feedback_invite"))
    run_now(Job.objects.get(kind=actions.INVITE), DURING)
    assert [letter.to for letter in mail.outbox] == [["wang@example.org"]]
    found = re.search(r"http://[^/\s]+(/f/\S+/)", str(mail.outbox[0].body))
    assert found
    address = found.group(1)
    customer = Client(headers={"accept-language": "en"})
    page = customer.get(address)
    assert page.status_code == 200
    assert 'lang="zh-hans"' in text_of(page)
    assert "工程师的服务态度如何" in text_of(page)
    assert "no-store" in page["Cache-Control"]
    for secret in (office.cycle.code, office.ratee.employee_no, "Wang"):
        assert secret not in text_of(page)
    customer.cookies["django_language"] = "en"
    assert "How friendly" in text_of(customer.get(address))
    short = customer.post(address, {"attitude": "5"})
    assert short.status_code == 422
    sent = customer.post(address, {"attitude": "5", "response_speed": "4", "problem_solving": "none"})
    assert "Thank you" in text_of(sent)
    assert AnswerSheet.objects.get().answers == {"attitude": 5, "response_speed": 4, "problem_solving": None}
    used = customer.get(address)
    assert (used.status_code, office.ratee.name in text_of(used)) == (410, False)
    assert "used already" in text_of(used)
    assert FeedbackRequest.objects.get().link_key is None


def test_a_customer_may_decline_and_a_newer_link_replaces_the_older(office: Office) -> None:
    asked = office.ask("customer")
    old, new = token_of(asked), token_of(asked)
    customer = client_of()
    assert customer.get(reverse("customer_feedback", args=[old])).status_code == 410
    page = reverse("customer_feedback", args=[new])
    assert customer.post(page, {"decline": "1", "reason": ""}).status_code == 422
    assert customer.post(page, {"decline": "1", "reason": "I do not know him"}).status_code == 200
    asked.refresh_from_db()
    assert (asked.state, asked.reason) == ("declined", "I do not know him")


def test_links_that_are_wrong_forged_late_or_tried_too_often_lead_nowhere(office: Office) -> None:
    asked = office.ask("customer")
    token = token_of(asked)
    key = FeedbackRequest.objects.get().link_key
    assert key
    customer = client_of()
    assert str(asked.pk) not in token.split(":")[0] or len(token.split(":")[0]) == 32
    for wrong in ("x", token[:-1] + ("a" if token[-1] != "a" else "b"), key.hex, f"{key.hex}:1:1"):
        refused = customer.get(reverse("customer_feedback", args=[wrong]))
        assert refused.status_code == 404
        assert "Li Wei" not in text_of(refused)
    with time_machine.travel(AFTER, tick=False):
        late = customer.get(reverse("customer_feedback", args=[token]))
        assert late.status_code == 410
        assert "expired" in text_of(late)
    statuses = {customer.get(reverse("customer_feedback", args=["y"])).status_code for _try in range(70)}
    assert statuses == {404, 429}


def test_customers_from_a_file_are_all_taken_or_none(office: Office) -> None:
    client, page = client_of(office.hr), office.address("feedback_customers")

    def send(*lines: str) -> object:
        content = "\n".join(["number,customer,e-mail,language", *lines]).encode()
        return client.post(page, {"file": SimpleUploadedFile("customers.csv", content)})

    number = office.ratee.employee_no
    wrong = send(f"{number},A,a@example.org,en", f"{number},B,nonsense,zh", "E99999,C,c@example.org,zh")
    assert "Row 3" in text_of(wrong)
    unknown = send(f"{number},A,a@example.org,en", "E99999,C,c@example.org,zh")
    assert "E99999" in text_of(unknown)
    assert FeedbackRequest.objects.count() == 0
    send(f"{number},A,a@example.org,en", f"{number},B,b@example.org,zh", f"{number},A,A@example.org,en")
    assert list(FeedbackRequest.objects.order_by("pk").values_list("contact_address", "language")) == [
        ("a@example.org", "en"),
        ("b@example.org", "zh-hans"),
    ]


def test_the_same_actions_by_the_api(office: Office) -> None:
    hr, rater = client_of(office.hr), client_of(office.colleague)
    detail = office.address("api:feedback-round-detail")
    dates = {"opens_at": "2026-04-01T00:00:00Z", "closes_at": "2026-04-09T00:00:00Z"}
    changed = hr.put(detail, dates, content_type="application/json")
    assert (changed.status_code, changed.json()["closes_at"]) == (200, "2026-04-09T08:00:00+08:00")
    asked = {"group": "peer", "rater": "two"}
    raters = office.address("api:feedback-round-raters", office.ratee.pk)
    assert client_of(office.own).post(raters, asked, content_type="application/json").status_code == 201
    request = FeedbackRequest.objects.get()
    assert rater.get(reverse("api:feedback-task-list")).json()["count"] == 0, "not before it is approved"
    decision = office.address("api:feedback-round-decision", request.pk)
    assert (
        client_of(office.manager).post(decision, {"approve": True}, content_type="application/json").status_code == 204
    )
    task = reverse("api:feedback-task-detail", args=[request.pk])
    form = rater.get(task).json()
    assert form["is_anonymous"]
    assert [len(item["anchors"]) for item in form["items"]] == [5, 5, 5]
    answers = {"answers": {item["code"]: 4 for item in form["items"]}}
    send = reverse("api:feedback-task-answer", args=[request.pk])
    assert rater.post(send, answers, content_type="application/json").status_code == 204
    assert rater.post(send, answers, content_type="application/json").status_code == 409
    contact = [{"employee_no": office.ratee.employee_no, "address": "c@example.org", "language": "en"}]
    customers = office.address("api:feedback-round-customers")
    assert hr.post(customers, contact, content_type="application/json").json() == {"added": 1}
    ask_and_answer(office.feedback, office.ratee, {"manager": [4], "peer": [4, 4]}, by=office.hr)
    early = hr.post(office.address("api:feedback-round-release"))
    assert early.status_code == 409
    asked_all = office.address("api:feedback-round-requests")
    assert hr.get(asked_all).json()["count"] == 5
    waiting = hr.get(asked_all, {"state": "approved", "group": "customer"}).json()["results"]
    assert [(each["engineer_id"], each["rater"]) for each in waiting] == [(office.ratee.pk, "c@example.org")]
    assert hr.get(office.address("api:feedback-round-leniency")).json() == []
    with time_machine.travel(AFTER, tick=False):
        hr = client_of(office.hr)
        assert hr.post(office.address("api:feedback-round-release")).status_code == 202
        run_now(Job.objects.get(kind=actions.RELEASE), AFTER)
        found = hr.get(office.address("api:feedback-round-result", office.ratee.pk)).json()
    assert found["score"] == "4.00"
    assert [(group["group"], group["n"], group["mean"]) for group in found["groups"]] == [
        ("manager", 1, "4.00"),
        ("peer", 3, "4.00"),
    ]
    assert found["measures"] == ANY


def test_nothing_of_the_feedback_is_in_the_administration() -> None:
    from django.contrib import admin

    assert [model for model in admin.site._registry if model._meta.app_label == "feedback"] == []
