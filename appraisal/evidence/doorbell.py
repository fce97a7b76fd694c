"""Tells workers that there is work. The rows in the database are the truth; a lost message costs only time."""

from __future__ import annotations

from appraisal.jobs.doorbell import ring

RUN_IMPORT = "appraisal.evidence.tasks.run_import"
UPDATE_FIGURES = "appraisal.evidence.tasks.update_figures"


def announce_import(import_id: int) -> None:
    ring(RUN_IMPORT, [import_id])


def announce_figure_update(update_id: int) -> None:
    ring(UPDATE_FIGURES, [update_id])
