"""What is wrong with a page as it stands in the browser."""

from __future__ import annotations

import json

from playwright.sync_api import Page

OVERFLOWS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
CHART_FOLLOWS_MS = 1000


def axe_findings(page: Page, axe_source: str, *, only: str = "") -> list[str]:
    """Return the rules that axe finds broken, of all or one, each with the first element that breaks it."""
    if page.evaluate("() => !window.axe"):
        page.evaluate(axe_source)
    options = {"runOnly": {"type": "rule", "values": [only]}} if only else {}
    report = page.evaluate("async options => JSON.stringify((await axe.run(options)).violations)", options)
    return [f"{violation['id']}: {violation['nodes'][0]['html'][:160]}" for violation in json.loads(report)]


def is_too_wide(page: Page) -> bool:
    """Return whether the page scrolls sideways; a chart is given the moment it takes to follow its window."""
    if page.evaluate(OVERFLOWS):
        page.wait_for_timeout(CHART_FOLLOWS_MS)
    return page.evaluate(OVERFLOWS)


def faults(page: Page, axe_source: str) -> list[str]:
    """Return what axe finds, and whether the page is wider than its window."""
    too_wide = ["wider than the window"] if is_too_wide(page) else []
    return too_wide + axe_findings(page, axe_source)
