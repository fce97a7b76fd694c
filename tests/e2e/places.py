"""Where the demonstration keeps what tests go to, and what they begin in it first."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.e2e.conftest import Site


def places(site: Site) -> dict[str, object]:
    """Return the parts of addresses that differ from one demonstration to the next."""
    query = site.portal.query
    [(cycle, code)] = query("SELECT id, code FROM cycles_cycle WHERE state = 'manager_review' ORDER BY id LIMIT 1")
    [(review, engineer)] = query(
        "SELECT r.id, r.engineer_id FROM reviews_review r JOIN engineers_engineer e ON e.id = r.engineer_id "
        f"WHERE r.cycle_id = {cycle} AND e.employee_no = 'E00001'"
    )
    [(published, done)] = query(
        "SELECT c.code, r.id FROM cycles_cycle c JOIN reviews_review r ON r.cycle_id = c.id "
        f"WHERE c.state = 'published' AND r.engineer_id = {engineer} ORDER BY c.id LIMIT 1"
    )
    [(line,)] = query(
        "SELECT l.id FROM kpis_schemeline l JOIN kpis_kpiversion v ON v.id = l.kpi_version_id "
        "WHERE v.measure_id = 'response_sla_rate' ORDER BY l.id LIMIT 1"
    )
    [(ticket,)] = query(f"SELECT id FROM evidence_ticket WHERE engineer_id = {engineer} ORDER BY id LIMIT 1")
    [(job,)] = query("SELECT id FROM evidence_evidenceimport ORDER BY id LIMIT 1")
    [(setup,)] = query("SELECT max(id) FROM cycles_cycledraft")
    return {
        "open": code,
        "published": published,
        "done": done,
        "review": review,
        "own": review,
        "engineer": engineer,
        "line": line,
        "ticket": ticket,
        "import": job,
        "setup": setup,
    }


def begin_draft(page: Page, code: str) -> None:
    """Let HR begin a scheme of its own from the standard one, as another test may already draft that."""
    page.goto("/schemes/")
    for name, value in (("code", code), ("name_zh", code), ("name_en", code)):
        page.fill(f"main [name={name}]", value)
    page.select_option("main [name=source]", "standard")
    page.get_by_role("button", name="Create a draft").click()
    page.wait_for_url(f"**/schemes/{code}/draft/")
