"""My notices: pages, bell, settings and API; a notice is its recipient's alone."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from appraisal.notices.models import Notice
from appraisal.notices.queries import choices_of, count_unread
from config import environment
from engineers.models import User
from tests.factories import hr_user
from tests.integration.notices.conftest import NOW, OTHERS, URGENT
from tests.integration.notices.test_notify import NAME, tell

pytestmark = pytest.mark.django_db

LIST, SETTINGS = "/notices/", "/notices/settings/"


def client_of(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def test_unread_notices_come_first_and_the_bell_counts_them(ann: User) -> None:
    tell(ann)
    tell(ann, topic=OTHERS, params={}, path="/b/", now=NOW.replace(hour=9))
    client = client_of(ann)
    assert '<span class="badge bg-primary text-primary-fg">2</span>' in client.get("/").content.decode()
    client.post(reverse("notice_read", args=[Notice.objects.get(path="/b/").pk]))
    page = client.get(LIST)
    assert [(row.path, row.is_read) for row in page.context["rows"]] == [("/a/", False), ("/b/", True)]
    assert "“First quarter” is open." in page.content.decode()
    assert '<span class="badge bg-primary text-primary-fg">1</span>' in page.content.decode()


def test_opening_a_notice_marks_it_and_leads_to_what_it_is_about(ann: User) -> None:
    tell(ann, path="/reviews/7/")
    notice = Notice.objects.get()
    answer = client_of(ann).post(reverse("notice_read", args=[notice.pk]), {"open": "1"})
    assert (answer.url, count_unread(ann)) == ("/reviews/7/", 0)
    first_read_at = Notice.objects.get().read_at
    assert client_of(ann).post(reverse("notice_read", args=[notice.pk])).url == LIST
    assert Notice.objects.get().read_at == first_read_at


def test_all_are_marked_as_read_at_once(ann: User, bo: User) -> None:
    tell(ann, bo)
    tell(ann, path="/b/")
    answer = client_of(ann).post(reverse("notices_read"), follow=True)
    assert "2 notices marked as read." in answer.content.decode()
    assert (count_unread(ann), count_unread(bo)) == (0, 1)


def test_nobody_else_reads_a_notice_not_even_hr(ann: User) -> None:
    tell(ann)
    notice = Notice.objects.get()
    client = client_of(hr_user())
    assert client.get(LIST).context["rows"] == []
    assert client.get(reverse("api:notice-list")).json()["count"] == 0
    assert client.post(reverse("notice_read", args=[notice.pk])).status_code == 404
    assert client.post(reverse("api:notice-read", args=[notice.pk])).status_code == 404
    assert count_unread(ann) == 1


def test_settings_are_chosen_by_group_and_chat_is_offered_where_there_is_a_robot(
    ann: User, settings: Settings
) -> None:
    client = client_of(ann)
    assert "cycles_chat" not in client.get(SETTINGS).context["form"].fields
    settings.CHAT_CHANNEL_SECRETS = ("dingtalk://secret-token",)
    page = client.get(SETTINGS)
    assert "secret-token" not in page.content.decode()
    sent = {name: "daily" for name in page.context["form"].fields if name.endswith("_pace")}
    assert client.post(SETTINGS, sent | {"cycles_chat": "on", "cycles_pace": "at_once"}).url == SETTINGS
    chosen = {choice.group: (choice.email, choice.chat, choice.pace) for choice in choices_of(ann)}
    assert chosen.pop("cycles") == (False, True, "at_once")
    assert set(chosen.values()) == {(False, False, "daily")}
    assert client.post(SETTINGS, {"cycles_pace": "never"}).status_code == 422


def test_who_has_no_address_is_told_so(ann: User) -> None:
    User.objects.filter(pk=ann.pk).update(email="")
    assert "no e-mail address" in client_of(ann).get(SETTINGS).content.decode()


def test_the_api_lists_marks_and_chooses(ann: User) -> None:
    tell(ann, topic=URGENT, params=NAME)
    tell(ann, path="/b/")
    client = client_of(ann)
    listed = client.get(reverse("api:notice-list")).json()
    assert [(entry["text"], entry["is_urgent"]) for entry in listed["results"]] == [
        ("“First quarter” is open.", False),
        ("Li Wei appeals.", True),
    ]
    answer = client.post(reverse("api:notice-read", args=[listed["results"][0]["id"]]))
    assert (answer.status_code, answer.json()["is_read"]) == (200, True)
    assert client.get(reverse("api:notice-list") + "?unread=1").json()["count"] == 1
    assert client.post(reverse("api:notice-read-all")).json() == {"marked": 1}
    address = reverse("api:notice-settings")
    entry = {"group": "cycles", "email": False, "chat": False, "pace": "at_once"}
    answer = client.put(address, [entry], content_type="application/json")
    assert entry | {"label": answer.json()[0]["label"]} in answer.json()
    assert client.put(address, [entry | {"group": "x"}], content_type="application/json").status_code == 400
    assert client.get(address).json() == answer.json()


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("CHAT_CHANNELS", "dingtalk://fine secret-token", "CHAT_CHANNELS: address 2"),
        ("PORTAL_URL", "portal.example.org", "PORTAL_URL"),
        ("NOTICE_DIGEST_HOUR", "24", "NOTICE_DIGEST_HOUR"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_shows_no_secret(name: str, value: str, word: str, tmp_path) -> None:
    with pytest.raises(environment.ImproperlyConfigured, match=word) as caught:
        environment.read({name: value}, base_dir=tmp_path)
    assert "secret-token" not in str(caught.value)


def test_settings_of_notices_have_sensible_defaults_and_chat_addresses_are_not_printed(tmp_path) -> None:
    values = {"DATABASE_URL": "postgres://u:p@h/n", "SECRET_KEY": "x", "ALLOWED_HOSTS": ".example.org,a.example.org"}
    read = environment.read(values | {"CHAT_CHANNELS": "dingtalk://secret-token"}, base_dir=tmp_path)
    assert (read.portal_url, read.notice_digest_hour) == ("https://a.example.org", 8)
    assert read.chat_channels == ("dingtalk://secret-token",)
    assert "secret-token" not in repr(read)
    assert environment.read({}, base_dir=tmp_path).portal_url == "http://127.0.0.1:8000"
    assert environment.read({"PORT": "8190"}, base_dir=tmp_path).portal_url == "http://127.0.0.1:8190"
    given = environment.read({"PORTAL_URL": "https://p.example.org/"}, base_dir=tmp_path)
    assert given.portal_url == "https://p.example.org"
