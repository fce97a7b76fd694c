"""What people are told about evidence."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from appraisal.notices.registry import Topic, register_topic

MISSING_LOG = "evidence.worklog_missing"

register_topic(
    Topic(
        MISSING_LOG,
        _("A day is not logged yet"),
        _("Your work log of %(day)s is still missing. It is in time until the end of %(last)s."),
    )
)
