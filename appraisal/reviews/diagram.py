"""The table of the workflow as a page of the documentation: two diagrams and what each step needs."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import override

from appraisal.cycles.models import CycleState
from appraisal.reviews.models import ReviewState
from appraisal.reviews.workflow import CYCLE_TRANSITIONS, REVIEW_TRANSITIONS, SHORTEST_REASON, Transition, Who

HEAD = """# Course of a cycle and of a review

Written by `manage.py draw_workflow` from the table in `appraisal/reviews/workflow.py`; a test fails when it is stale.
The buttons of the pages, the guards of the actions and the errors of the API read the same table.
"""
FIRST_STATE = """A review starts with `awaiting_manager` where the cycle asks for no self-review, or the engineer has
no account.
"""
FOOT = f"""
A reason has {SHORTEST_REASON} characters at least. Where something is still open, a step asks for a reason to go on
all the same, unless the item must be done first; a missing acknowledgement is only told. A step with a second person
is asked for by one person of HR and takes place when another one approves it. Once a cycle is closed, the database
itself refuses every change (`appraisal/cycles/guard.py`). Opening and publishing a cycle go through its reviews in
parts, in the background where there are many; while a cycle is being published nothing of it can be written.
"""


def draw() -> str:
    """Return the page in English, whatever the language at hand."""
    with override("en"):
        return "\n".join(
            [
                HEAD,
                "## Cycle\n",
                *_diagram(CYCLE_TRANSITIONS, CycleState.DRAFT, CycleState.CLOSED),
                *_rows(CYCLE_TRANSITIONS),
                "\n## Review\n",
                *_diagram(REVIEW_TRANSITIONS, ReviewState.AWAITING_SELF, ReviewState.FINAL),
                "",
                FIRST_STATE,
                *_rows(REVIEW_TRANSITIONS),
                FOOT,
            ]
        )


def _diagram(table: Sequence[Transition], first: str, last: str) -> list[str]:
    arrows: dict[tuple[str, str], list[str]] = {}
    for step in table:
        for source in step.sources:
            names = arrows.setdefault((str(source), str(step.passes or step.target)), [])
            if step.name not in names:
                names.append(step.name)
        if step.passes:
            arrows[str(step.passes), str(step.target)] = [f"{step.name} is done"]
    return [
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {first}",
        *(f"    {source} --> {target}: {', '.join(names)}" for (source, target), names in arrows.items()),
        f"    {last} --> [*]",
        "```\n",
    ]


def _rows(table: Sequence[Transition]) -> list[str]:
    rows = ["| step | from | to | who | when | needs |", "|---|---|---|---|---|---|"]
    for step in table:
        needs = [condition.__name__.replace("_", " ") for condition in step.conditions]
        needs += ["a reason"] * step.asks_reason + ["a second person of HR"] * step.needs_approver
        sources = ", ".join(str(source) for source in step.sources)
        cells = [f"`{step.name}`", sources, str(step.target), str(Who(step.who).label), str(step.when_label)]
        rows.append(f"| {' | '.join(cells)} | {', '.join(needs)} |")
    return rows
