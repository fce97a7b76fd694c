"""Celery doors of scoring."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from appraisal.cycles import actions as cycle_actions
from appraisal.reviews import reminders
from appraisal.reviews.figures import days, live, passing, runs


@shared_task
def score_chunk(chunk_id: int) -> None:
    runs.score_chunk(chunk_id=chunk_id, now=timezone.now())


@shared_task
def ring_again() -> None:
    cycle_actions.ring_again(now=timezone.now())


@shared_task
def remind() -> None:
    reminders.remind(now=timezone.now())


@shared_task
def refresh_figures() -> None:
    live.refresh(clock=timezone.now)


@shared_task
def keep_days() -> None:
    days.keep_days(now=timezone.now())


@shared_task
def mark_what_time_changed() -> None:
    passing.mark_what_time_changed(now=timezone.now())
