"""What HR does to KPIs and schemes on pages can be done over REST."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from appraisal.kpis.files import dump_scheme, load_scheme
from appraisal.kpis.models import SchemeVersion
from engineers.models import User
from tests.factories import auditor_user, hr_user
from tests.integration.reports.lines import client_of
from tests.world import NOW, SCHEME

pytestmark = pytest.mark.django_db


@pytest.fixture
def version() -> SchemeVersion:
    return load_scheme(text=SCHEME, by=None, now=NOW)


@pytest.fixture
def hr() -> User:
    return hr_user()


def call(user: User, method: str, name: str, *args: Any, data: Any = None) -> Any:
    send = getattr(client_of(user), method)
    given = {} if data is None else {"data": data, "content_type": "application/json"}
    return send(reverse(f"api:{name}", args=args), **given)


def test_a_scheme_is_drafted_shaped_and_put_in_force(version: SchemeVersion, hr: User) -> None:
    assert call(hr, "get", "scheme-draft", "small").status_code == 404
    draft = call(hr, "post", "scheme-draft", "small").json()
    assert (draft["number"], draft["state"], [each["code"] for each in draft["dimensions"]]) == (
        2,
        "draft",
        ["response", "teamwork"],
    )
    in_time, _volume, repeat = draft["dimensions"][0]["lines"]
    assert (in_time["kpi"], in_time["weight"], repeat["weight"]) == ("in_time", "70.00", "10.00")
    shape = {
        "lines": [{"id": in_time["id"], "weight": "60"}],
        "grade_bands": [["A", 90], ["D", 0]],
        "ceiling": "110",
    }
    shaped = call(hr, "put", "scheme-draft", "small", data=shape).json()
    assert (shaped["grade_bands"], shaped["ceiling"]) == ([["A", "90"], ["D", "0"]], "110.00")
    refused = call(hr, "post", "scheme-activate", "small")
    assert (refused.status_code, "90" in str(refused.json())) == (409, True)
    call(hr, "put", "scheme-draft", "small", data={"lines": [{"id": repeat["id"], "weight": "20"}]})
    assert call(hr, "post", "scheme-activate", "small").json()["state"] == "active"
    states = {each["number"]: each["state"] for each in call(hr, "get", "scheme-detail", "small").json()["versions"]}
    assert states == {1: "retired", 2: "active"}
    content = call(hr, "get", "scheme-version", "small", 2).json()
    assert [kpi["weight"] for kpi in content["dimensions"][0]["kpis"]] == [60, 0, 20]


def test_lines_and_dimensions_come_and_go(version: SchemeVersion, hr: User) -> None:
    made = call(hr, "post", "scheme-list", data={"code": "new", "name_zh": "新", "name_en": "New"})
    assert (made.status_code, made.json()["dimensions"]) == (201, [])
    dimension = {"code": "work", "name_zh": "工作", "name_en": "Work"}
    [part] = call(hr, "post", "scheme-dimensions", "new", data=dimension).json()["dimensions"]
    line = {"dimension": part["id"], "kpi": "in_time", "weight": "100"}
    [part] = call(hr, "post", "scheme-lines", "new", data=line).json()["dimensions"]
    assert [each["kpi"] for each in part["lines"]] == ["in_time"]
    assert call(hr, "post", "scheme-lines", "new", data=line).status_code == 409
    assert call(hr, "post", "scheme-lines", "new", data=line | {"kpi": "nothing"}).status_code == 404
    assert call(hr, "delete", "scheme-dimension", "new", part["id"]).status_code == 409
    [part] = call(hr, "delete", "scheme-line", "new", part["lines"][0]["id"]).json()["dimensions"]
    assert part["lines"] == []
    assert call(hr, "delete", "scheme-dimension", "new", part["id"]).json()["dimensions"] == []
    assert call(hr, "delete", "scheme-draft", "new").status_code == 204
    assert call(hr, "get", "scheme-detail", "new").status_code == 404


def test_a_copy_is_made_of_what_is_in_force(version: SchemeVersion, hr: User) -> None:
    names = {"name_zh": "抄", "name_en": "Copy"}
    copy = call(hr, "post", "scheme-list", data={"code": "copy", "copy_of": "small", **names}).json()
    assert [each["code"] for each in copy["dimensions"]] == ["response", "teamwork"]
    again = call(hr, "post", "scheme-list", data={"code": "again", "copy_of": "copy", **names})
    assert (again.status_code, "copy_of" in again.json()) == (400, True)
    taken = call(hr, "post", "scheme-list", data={"code": "small", **names})
    assert (taken.status_code, "code" in taken.json()) == (409, True)


def test_a_file_is_loaded_and_says_what_is_wrong(version: SchemeVersion, hr: User) -> None:
    text = dump_scheme(version)
    assert call(hr, "post", "scheme-load", data={"text": text}).json()["number"] == 1
    changed = text.replace("weight: 70", "weight: 60").replace("weight: 10\n", "weight: 20\n")
    assert call(hr, "post", "scheme-load", data={"text": changed}).json()["number"] == 2
    wrong = call(hr, "post", "scheme-load", data={"text": text.replace("measure: resolved_volume", "measure: x")})
    assert (wrong.status_code, "there is no measure “x”" in str(wrong.json())) == (409, True)


def test_a_kpi_is_worded_anew(version: SchemeVersion, hr: User) -> None:
    kpi = call(hr, "get", "kpi-detail", "in_time").json()
    assert (kpi["number"], kpi["wording"]["target"], "weight" in kpi["wording"]) == (1, 95, False)
    wording = kpi["wording"] | {"target": 98}
    assert call(hr, "put", "kpi-detail", "in_time", data=wording).json()["number"] == 2
    assert call(hr, "put", "kpi-detail", "in_time", data=wording).json()["number"] == 2
    wrong = call(hr, "put", "kpi-detail", "in_time", data=wording | {"weight": 5})
    assert (wrong.status_code, "unknown entry “weight”" in str(wrong.json())) == (409, True)
    assert call(hr, "put", "kpi-detail", "in_time", data=[1]).status_code == 409
    listed = call(auditor_user(), "get", "kpi-list").json()["results"]
    assert {each["code"] for each in listed} == {"in_time", "volume", "repeat", "cooperation"}
    assert call(auditor_user(username="a2"), "put", "kpi-detail", "in_time", data=wording).status_code == 404
