from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.models.base import Record


class Metric(Record):
    """A figure of any other system. Value and weight are whole millionths, so that sums stay exact."""

    code = models.SlugField(_("metric"), max_length=60)
    name = models.CharField(_("name"), max_length=200, blank=True, db_default="")
    measured_on = models.DateField(_("day"))
    value_millionths = models.BigIntegerField(_("value"))
    weight_millionths = models.BigIntegerField(_("weight"), default=1_000_000, db_default=1_000_000)

    class Meta(Record.Meta):
        verbose_name = _("metric")
        indexes = [
            *Record.Meta.indexes,
            models.Index(
                fields=["engineer", "code", "measured_on", "value_millionths", "weight_millionths", "exclusion"],
                name="metric_figures",
            ),
        ]
