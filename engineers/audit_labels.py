"""What people call the actions of the audit trail. A test finds every action of the code here."""

from __future__ import annotations

from collections.abc import Mapping

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTION_LABELS: Mapping[str, str | Promise] = {
    "account.created": _("account created"),
    "account.updated": _("account changed"),
    "admin.added": _("added in the administration"),
    "admin.changed": _("changed in the administration"),
    "admin.deleted": _("deleted in the administration"),
    "audit.exported": _("audit trail exported"),
    "calendar.changed": _("calendar changed"),
    "calendar.created": _("calendar created"),
    "calendar.day_cleared": _("calendar: day as every week"),
    "calendar.day_set": _("calendar: day set"),
    "calendar.year_entered": _("calendar: year entered"),
    "calendar.year_reopened": _("calendar: year opened again"),
    "cycle.calibration_exported": _("calibrated grades exported"),
    "cycle.close": _("cycle closed"),
    "cycle.created": _("cycle created"),
    "cycle.distribution_taken_over": _("cycle: distribution taken over"),
    "cycle.exported": _("cycle exported"),
    "cycle.open": _("cycle opened"),
    "cycle.publish": _("cycle published"),
    "cycle.reopen_calibration": _("cycle: back to the calibration"),
    "cycle.reopen_manager_review": _("cycle: back to the manager review"),
    "cycle.reopen_published": _("cycle: opened again after closing"),
    "cycle.reopening_rejected": _("cycle: reopening rejected"),
    "cycle.reopening_requested": _("cycle: reopening asked for"),
    "cycle.scheme_set": _("cycle: scheme set"),
    "cycle.scoring_requested": _("cycle: scoring asked for"),
    "cycle.seal_broken": _("cycle: seal broken"),
    "cycle.stages_set": _("cycle: stages set"),
    "cycle.start_calibration": _("cycle: calibration started"),
    "cycle.start_manager_review": _("cycle: manager review started"),
    "cycle.start_self_review": _("cycle: self-review started"),
    "cycle.value_entered": _("cycle: value entered by hand"),
    "cycle.value_withdrawn": _("cycle: value withdrawn"),
    "engineer.created": _("engineer created"),
    "engineer.updated": _("engineer changed"),
    "evidence.exception_settled": _("exception settled"),
    "evidence.import_requested": _("import asked for"),
    "evidence.record_changed": _("record changed"),
    "evidence.record_created": _("record entered"),
    "evidence.record_restored": _("record restored"),
    "evidence.record_withdrawn": _("record withdrawn"),
    "evidence.report_audited": _("service report audited"),
    "evidence.sample_drawn": _("sample of reports drawn"),
    "feedback.answered": _("360°: answered"),
    "feedback.approved": _("360°: rater approved"),
    "feedback.changed": _("360°: round changed"),
    "feedback.customers_added": _("360°: customers added"),
    "feedback.declined": _("360°: declined"),
    "feedback.exported": _("360°: exported"),
    "feedback.invited": _("360°: raters invited"),
    "feedback.link_sent": _("360°: link sent"),
    "feedback.nominated": _("360°: rater proposed"),
    "feedback.nominated_by_rule": _("360°: raters proposed by rule"),
    "feedback.planned": _("360°: round planned"),
    "feedback.refused": _("360°: rater refused"),
    "feedback.release_requested": _("360°: release asked for"),
    "feedback.released": _("360°: released"),
    "feedback.reminded": _("360°: reminders sent"),
    "job.resumed": _("background job: asked to go on"),
    "kpi.saved": _("KPI saved"),
    "leave.added": _("leave added"),
    "leave.removed": _("leave removed"),
    "review.acknowledge": _("review acknowledged"),
    "review.appeal": _("review: appeal"),
    "review.approve": _("review approved by the second level"),
    "review.calibrated": _("grade calibrated"),
    "review.calibration_approved": _("calibrated grade approved"),
    "review.calibration_proposed": _("calibrated grade proposed"),
    "review.calibration_refused": _("calibrated grade refused"),
    "review.calibration_withdrawn": _("calibrated grade taken back"),
    "review.close": _("review closed"),
    "review.decide": _("review: appeal decided"),
    "review.end_self": _("review: self-review ended"),
    "review.hand_in": _("review handed in"),
    "review.hand_in_self": _("self-review handed in"),
    "review.line_overridden": _("review: line overridden"),
    "review.override_withdrawn": _("review: override withdrawn"),
    "review.part_handed_in": _("review: part handed in"),
    "review.publish": _("review published"),
    "review.rated": _("review rated"),
    "review.reopen": _("review opened again"),
    "review.reopen_closed": _("closed review opened again"),
    "review.return": _("review returned to the manager"),
    "review.self_rated": _("self-review saved"),
    "review.send_back": _("review given back to the manager"),
    "review.submitted": _("review handed in"),
    "review.take_back": _("review taken back"),
    "review.taken_back": _("review taken back"),
    "review.veto_approved": _("veto approved"),
    "review.veto_proposed": _("veto proposed"),
    "review.veto_rejected": _("veto rejected"),
    "review.veto_withdrawn": _("veto withdrawn"),
    "scheme.activated": _("scheme activated"),
    "scheme.created": _("scheme created"),
    "scheme.dimension_added": _("scheme: dimension added"),
    "scheme.dimension_removed": _("scheme: dimension removed"),
    "scheme.draft_discarded": _("scheme: draft discarded"),
    "scheme.drafted": _("scheme: draft started"),
    "scheme.line_added": _("scheme: line added"),
    "scheme.line_removed": _("scheme: line removed"),
    "scheme.shaped": _("scheme: draft changed"),
    "target.added": _("target added"),
    "target.removed": _("target removed"),
    "team.manager_set": _("team: manager set"),
}


def label_of(action: str) -> str:
    """Return what people call an action; one of an older version keeps its code."""
    return str(ACTION_LABELS.get(action, action))


def kind_label(target_type: str) -> str:
    """Return what people call the kind of record an entry is about."""
    try:
        return str(apps.get_model(target_type)._meta.verbose_name)
    except (LookupError, ValueError):
        return target_type
