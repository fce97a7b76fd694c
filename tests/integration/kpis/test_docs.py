"""What docs/ tells about measures and KPIs is true: its examples are run."""

import re
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from appraisal.evidence.models import JobType
from appraisal.kpis.choices import Form
from appraisal.kpis.files import _KPI_ENTRIES, SHIPPED, load_scheme
from appraisal.kpis.filters import filter_names
from appraisal.kpis.measures import MEASURES, Evidence, tickets
from appraisal.kpis.models import SchemeLine
from tests.factories import EngineerFactory, TicketFactory
from tests.integration.scoring.asking import INSIDE, ask, left_out

pytestmark = pytest.mark.django_db

DOCS = Path(__file__).parents[3] / "docs"


def examples(name: str, language: str) -> list[str]:
    text = (DOCS / name).read_text(encoding="utf-8")
    return [dedent(block) for block in re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)]


def test_the_kpis_of_the_example_load_into_the_standard_scheme():
    scheme = yaml.safe_load((SHIPPED / "standard.yaml").read_text(encoding="utf-8"))
    quality = next(part for part in scheme["dimensions"] if part["code"] == "quality")
    [lowered] = [kpi for kpi in quality["kpis"] if kpi["code"] == "resolution_sla_rate"]
    assert lowered["weight"] == 8
    lowered["weight"] = 5
    [example] = examples("add-a-kpi.md", "yaml")
    quality["kpis"] += yaml.safe_load(example)
    version = load_scheme(
        text=yaml.safe_dump(scheme, allow_unicode=True), by=None, now=datetime(2026, 1, 1, tzinfo=UTC)
    )
    late = SchemeLine.objects.get(dimension__version=version, kpi_version__kpi__code="late_reports")
    assert (late.role, late.kpi_version.form) == ("deduction", Form.DEDUCTION)


def test_every_entry_and_every_filter_of_a_kpi_is_explained():
    text = (DOCS / "add-a-kpi.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", text))
    assert named >= _KPI_ENTRIES
    assert named >= {name for evidence in Evidence for name in filter_names(evidence)}
    assert named >= set(Form.values)


def test_the_measure_of_the_example_counts_what_its_test_says(monkeypatch):
    declaration, test = examples("add-a-measure.md", "python")
    measure = eval(declaration, vars(tickets))  # noqa: S307  # our own page
    monkeypatch.setitem(MEASURES, measure.id, measure)
    engineer = EngineerFactory()

    def completed(engineer, **fields) -> None:
        TicketFactory(engineer=engineer, resolved_at=INSIDE, completed_at=INSIDE, **fields)

    told = {"ask": ask, "completed": completed, "left_out": left_out, "JobType": JobType, "Engineer": object}
    exec(test, told)  # noqa: S102  # our own page
    [run] = [value for name, value in told.items() if name.startswith("test_")]
    run(engineer)
