"""Every address of the portal, with what it is asked about and the roles that may.

Arguments name what lies behind them (``furnished.FIRST``).
"""

from __future__ import annotations

from typing import Any

from appraisal.evidence.kinds import KINDS

STRANGER = "stranger"
ROLES = [
    STRANGER,
    "engineer",
    "other engineer",
    "manager",
    "other manager",
    "second level",
    "HR",
    "auditor",
    "administrator",
]
SIGNED_IN = frozenset(ROLES) - {STRANGER}
READERS = frozenset({"HR", "auditor"})
HR = frozenset({"HR"})
ABOVE = frozenset({"manager", "second level"})
ABOVE_OR_SELF = ABOVE | {"engineer"}
MANAGERS = ABOVE | {"other manager"}
NOBODY: frozenset[str] = frozenset()

CYCLE = {"code": "2026-Q1"}
SCHEME = {"code": "small"}
DRAFTED = {"code": "drafted"}
RECORD = {"kind": "visits", "record_id": "record visits"}
SEEN = "seen"

# Read with GET: who gets 200; all others get 404, a stranger the log-in page (or 401/403 from the API).
READS: dict[str, tuple[dict[str, Any], frozenset[str]]] = {
    "home": ({}, SIGNED_IN),
    "guide": ({}, SIGNED_IN),
    "guide_chapter": ({"name": "engineer"}, SIGNED_IN),
    "api-schema": ({}, SIGNED_IN),
    "api-docs": ({}, SIGNED_IN),
    "engineer_list": ({}, READERS),
    "engineer_detail": ({"engineer_id": "one"}, READERS),
    "team_tree": ({}, READERS),
    "staff_import": ({}, HR),
    "import_list": ({}, READERS),
    "import_new": ({}, HR),
    "import_detail": ({"import_id": "evidence_import"}, READERS),
    "import_progress": ({"import_id": "evidence_import"}, READERS),
    "import_rejects": ({"import_id": "evidence_import"}, READERS),
    "target_list": ({}, READERS),
    "calendar_list": ({}, READERS),
    "calendar_detail": ({"code": "cn"}, READERS),
    "calendar_edit": ({"code": "cn"}, HR),
    "calendar_day": ({"code": "cn", "day": "2026-02-14"}, HR),
    "api:workcalendar-list": ({}, READERS),
    "api:workcalendar-detail": ({"code": "cn"}, READERS),
    "api:workcalendar-days": ({"code": "cn"}, READERS),
    "ticket_detail": ({"ticket_id": "ticket"}, READERS | ABOVE_OR_SELF),
    "kpi_list": ({}, READERS),
    "measure_list": ({}, READERS),
    "measure_detail": ({"measure_id": "nps"}, READERS),
    "kpi_new": ({}, HR),
    "kpi_edit": ({"code": "in_time"}, READERS),
    "scheme_list": ({}, READERS),
    "scheme_detail": (SCHEME, READERS),
    "scheme_version": (SCHEME | {"number": 1}, READERS),
    "scheme_dump": (SCHEME | {"number": 1}, READERS),
    "scheme_draft": (SCHEME, HR),
    "scheme_try": (SCHEME | {"number": 1}, READERS),
    "api:scheme-tryout-list": (SCHEME | {"number": 1}, READERS),
    "cycle_list": ({}, READERS),
    "cycle_new": ({}, HR),
    "cycle_setup": ({"draft_id": "setup", "step": "people"}, HR),
    "cycle_detail": (CYCLE, READERS),
    "cycle_progress": (CYCLE, READERS),
    "cycle_quality": (CYCLE, READERS),
    "cycle_results": (CYCLE, READERS),
    "cycle_kpi_review": (CYCLE, READERS),
    "kpi_review_people": (CYCLE | {"kpi": "in_time", "number": 1}, READERS),
    "kpi_review_records": (CYCLE | {"sort": "complaints"}, READERS),
    "api:cycle-kpi-review-list": (CYCLE, READERS),
    "search": ({}, SIGNED_IN),
    "team_board": ({}, MANAGERS),
    "scorecard_detail": ({"review_id": "review"}, READERS | ABOVE_OR_SELF),
    "scorecard_pdf": ({"review_id": "review"}, READERS | ABOVE_OR_SELF),
    "line_cases_file": (
        {"review_id": "review", "line_id": "line", "export_format": "csv"},
        READERS | ABOVE_OR_SELF,
    ),
    "line_cases": ({"review_id": "review", "line_id": "line"}, READERS | ABOVE_OR_SELF),
    "rate_review": ({"review_id": "review"}, ABOVE),
    "api:cycle-list": ({}, SIGNED_IN),
    "api:cycle-detail": (CYCLE, SIGNED_IN),
    "api:review-list": ({}, SIGNED_IN),
    "api:review-detail": ({"pk": "review"}, READERS | ABOVE_OR_SELF),
    "api:review-pdf": ({"pk": "review"}, READERS | ABOVE_OR_SELF),
    "api:cycle-quality": (CYCLE, READERS),
    "api:review-line": ({"pk": "review", "line_id": "line"}, READERS | ABOVE_OR_SELF),
    "api:review-cases": ({"pk": "review", "line_id": "line"}, READERS | ABOVE_OR_SELF),
    "api:evidenceimport-list": ({}, READERS),
    "api:evidenceimport-detail": ({"pk": "evidence_import"}, READERS),
}

for _kind in KINDS:
    # Everybody has a list, if only of their own; the records made by this test's world are one engineer's.
    READS[f"api:evidence-{_kind}-list"] = ({}, SIGNED_IN)
    READS[f"api:evidence-{_kind}-detail"] = ({"pk": f"record {_kind}"}, READERS | ABOVE_OR_SELF)
READS |= {
    "import_sample": ({"preset": "portal"}, HR),
    "record_overview": ({}, SIGNED_IN),
    "record_list": ({"kind": "visits"}, SIGNED_IN),
    "record_new": ({"kind": "visits"}, HR),
    "record_detail": (RECORD, READERS | ABOVE_OR_SELF),
    "record_edit": (RECORD, HR),
    "exception_list": ({}, READERS),
    "sample_list": ({}, READERS),
    "sample_detail": ({"sample_id": "sample"}, READERS),
    "audit_queue": ({}, SIGNED_IN),
    "audit_judge": ({"audit_id": "audit"}, frozenset({"other manager"})),
}

PRESET = {"code": "acme"}
READS |= {
    "people_suggest": ({}, SIGNED_IN),  # of whom one may name: tests/integration/people
    "import_mapping": ({"import_id": "preview"}, HR),
    "preset_list": ({}, READERS),
    "preset_detail": (PRESET, READERS),
    "api:import-preset-list": ({}, READERS),
    "api:import-preset-detail": (PRESET, READERS),
}
READS |= {
    "cycle_values": (CYCLE, READERS),
    "api:cycle-value-list": (CYCLE, READERS),
    "review_vetoes": ({"review_id": "review"}, READERS | ABOVE_OR_SELF),
    "api:veto-list": ({"review_id": "review"}, READERS | ABOVE_OR_SELF),
    "leave_list": ({"engineer_id": "one"}, READERS | ABOVE_OR_SELF),
}

# Changes something: who is let in with an empty form (not 404); all others get 404.
WRITES: dict[str, tuple[dict[str, Any], frozenset[str]]] = {
    "import_keep": ({"import_id": "preview"}, HR),  # before it is confirmed
    "import_confirm": ({"import_id": "preview"}, HR),
    "target_remove": ({"target_id": "target"}, HR),
    "calendar_year": ({"code": "cn", "year": 2027}, HR),
    "calendar_known_years": ({"code": "cn"}, HR),
    "api:workcalendar-day": ({"code": "cn", "date": "2026-02-14"}, HR),
    "scheme_load_shipped": ({}, HR),
    "scheme_draft_start": (SCHEME, HR),
    "scheme_dimension_add": (SCHEME, HR),
    "scheme_what_if": (SCHEME, HR),
    "scheme_draft_discard": (SCHEME, HR),
    "cycle_setup_discard": ({"draft_id": "setup"}, HR),
    "cycle_schemes": (CYCLE, HR),
    "move_cycle": (CYCLE, NOBODY),  # an empty form names no step, which is a 404 for HR too
    "score_cycle": (CYCLE, HR),
    "cycle_export": (CYCLE | {"export_format": "json"}, HR),
    "kpi_review_export": (CYCLE | {"export_format": "csv"}, READERS),
    "save_rating": ({"review_id": "review"}, ABOVE),
    "api:cycle-score": (CYCLE, HR),
    "api:review-rating": ({"pk": "review"}, ABOVE),
}

WRITES |= {
    "preset_delete": (PRESET, HR),
    "api:evidenceimport-dry-run": ({}, HR),
}

PUT = {"api:review-rating", "api:workcalendar-day"}
READS["api:review-rating"] = ({"pk": "review"}, ABOVE)
READS |= {
    "api:target-list": ({}, READERS),
    "api:kpi-list": ({}, READERS),
    "api:cycle-interview-list": (CYCLE, READERS),
    "api:feedback-round-requests": (CYCLE, HR),
    "api:feedback-round-leniency": (CYCLE, READERS),
    "api:kpi-detail": ({"code": "in_time"}, READERS),
    "api:scheme-list": ({}, READERS),
    "api:scheme-detail": (SCHEME, READERS),
    "api:scheme-version": (SCHEME | {"number": 1}, READERS),
    "api:scheme-draft": (DRAFTED, HR),
    "api:exception-list": ({}, READERS),
    "api:auditsample-list": ({}, READERS),
    "api:auditsample-detail": ({"pk": "sample"}, READERS),
    "api:reportaudit-list": ({}, SIGNED_IN),
    "api:reportaudit-detail": ({"pk": "audit"}, frozenset({"other manager"})),
}
_CSV = {"export_format": "csv"}
WRITES |= {
    "api:cycle-export": (CYCLE | _CSV, HR),
    "api:kpi-review-export": (CYCLE | _CSV, READERS),
    "api:calibration-export": (CYCLE | _CSV, HR),
    "api:feedback-round-export": (CYCLE | _CSV, NOBODY),  # nothing is released yet
    "api:training-need-export": (_CSV, READERS | MANAGERS),
    "api:auditentry-export": ({}, READERS),
    "api:target-detail": ({"pk": "shipped target"}, HR),
    "api:exception-settle": ({}, HR),
    "api:scheme-load": ({}, HR),
    "api:scheme-lines": (DRAFTED, HR),
    "api:scheme-line": (DRAFTED | {"key": "draft line"}, HR),
    "api:scheme-dimensions": (DRAFTED, HR),
    "api:scheme-dimension": (DRAFTED | {"key": "draft dimension"}, HR),
    "api:scheme-activate": (DRAFTED, HR),
}

WRITES |= {
    "record_withdraw": (RECORD, HR),
    "record_restore": (RECORD, HR),
    "exception_settle": ({"about": "visit", "record_id": "record visits", "anomaly": "no_check_in"}, HR),
}

VETO = {"review_id": "review", "veto_id": "veto"}
WRITES |= {
    "cycle_value_withdraw": (CYCLE | {"value_id": "value"}, HR),
    "api:cycle-value-detail": (CYCLE | {"pk": "value"}, HR),
    "decide_veto": (VETO, HR | {"second level"}),
    "api:veto-decision": ({"review_id": "review", "pk": "veto"}, HR | {"second level"}),
    "leave_remove": ({"engineer_id": "one", "leave_id": "leave"}, HR),
}
SECOND = HR | {"second level"}
CALIBRATION = {"review_id": "review", "calibration_id": "calibration"}
READS |= {
    "cycle_calibration": (CYCLE, READERS | SECOND),
    "review_calibration": ({"review_id": "review"}, READERS | SECOND),
    "api:cycle-calibration-pool-list": (CYCLE, READERS | SECOND),
    "api:cycle-calibration-list": (CYCLE, READERS | SECOND),
    "api:review-calibration-list": ({"review_id": "review"}, READERS | SECOND),
}
WRITES |= {
    "decide_calibration": (CALIBRATION, SECOND),
    "withdraw_calibration": (CALIBRATION, SECOND),
    "take_over_distribution": (CYCLE, HR),
    "calibration_export": (CYCLE | {"export_format": "csv"}, HR),
    "api:cycle-calibration-pool-take-over": (CYCLE, HR),
    "api:review-calibration-decision": ({"review_id": "review", "pk": "calibration"}, SECOND),
    "api:review-calibration-withdrawal": ({"review_id": "review", "pk": "calibration"}, SECOND),
}
DELETE = {
    "api:target-detail",
    "api:scheme-line",
    "api:scheme-dimension",
    "api:cycle-value-detail",
    "api:review-override-detail",
}

OVERRIDE = {"review_id": "review", "override_id": "override"}
REOPENING = CYCLE | {"reopening_id": "reopening"}
READS |= {
    "cycle_stages": (CYCLE, HR),
    "self_review": ({"review_id": "review"}, frozenset({"engineer"})),
    "api:cycle-transition-list": (CYCLE, READERS),
    "api:cycle-reopening-list": (CYCLE, READERS),
    "api:cycle-stage-list": (CYCLE, READERS),
    "api:review-transition-list": ({"review_id": "review"}, READERS | ABOVE_OR_SELF),
    "api:review-self-list": ({"review_id": "review"}, READERS | ABOVE_OR_SELF),
    "api:review-override-list": ({"review_id": "review"}, READERS | ABOVE_OR_SELF),
}
WRITES |= {
    "move_review": ({"review_id": "review"}, NOBODY),  # as move_cycle; each step: tests/integration/reviews
    "override_line": ({"review_id": "review"}, ABOVE),
    "override_withdraw": (OVERRIDE, ABOVE),
    "save_self_review": ({"review_id": "review"}, frozenset({"engineer"})),
    "withdraw_veto": (VETO, HR),
    "decide_reopening": (REOPENING, HR),
    "api:veto-withdrawal": ({"review_id": "review", "pk": "veto"}, HR),
    "api:cycle-reopening-decision": (CYCLE | {"pk": "reopening"}, HR),
    "api:review-override-detail": ({"review_id": "review", "pk": "override"}, ABOVE),
}

ASKED = READERS | {"manager"}  # who asked for the job of this test's world
READS |= {
    "job_list": ({}, SIGNED_IN),
    "job_detail": ({"job_id": "job"}, ASKED),
    "job_progress": ({"job_id": "job"}, ASKED),
    "api:job-list": ({}, SIGNED_IN),
    "api:job-detail": ({"pk": "job"}, ASKED),
    "notice_list": ({}, SIGNED_IN),
    "notice_settings": ({}, SIGNED_IN),
    "choose_time_zone": ({}, SIGNED_IN),
    "api:notice-list": ({}, SIGNED_IN),
    "api:notice-settings": ({}, SIGNED_IN),
    "audit_list": ({}, READERS),
    "audit_detail": ({"entry_id": "entry"}, READERS),
    "api:auditentry-list": ({}, READERS),
    "api:auditentry-detail": ({"pk": "entry"}, READERS),
}
WRITES |= {
    "job_resume": ({"job_id": "job"}, HR | {"manager"}),
    "api:job-resume": ({"pk": "job"}, HR | {"manager"}),
    "notice_read": ({"notice_id": "notice"}, frozenset({"engineer"})),
    "notices_read": ({}, SIGNED_IN),
    "api:notice-read": ({"pk": "notice"}, frozenset({"engineer"})),
    "api:notice-read-all": ({}, SIGNED_IN),
    "audit_export": ({}, READERS),
}

READS |= {
    "cycle_prints": (CYCLE, HR),
    "cycle_print_file": (CYCLE | {"job_id": "job"}, NOBODY),  # there is no print; with one: tests/integration/reports
    "api:cycle-print-list": (CYCLE, HR),
    "api:cycle-print-file": (CYCLE | {"pk": "job"}, NOBODY),
}
SUGGESTERS = MANAGERS | {"engineer", "other engineer"}
READS |= {
    "suggestion_list": ({}, READERS | SUGGESTERS),
    "suggestion_detail": ({"suggestion_id": "suggestion"}, READERS | {"engineer"}),
    "api:suggestion-list": ({}, READERS | SUGGESTERS),
    "api:suggestion-detail": ({"pk": "suggestion"}, READERS | {"engineer"}),
}
WRITES["api:suggestion-answer"] = ({"pk": "suggestion"}, HR)
DISPUTE = {"review_id": "review", "dispute_id": "dispute"}
UNINVOLVED = HR | {"second level"}  # who did not rate
TALKED = frozenset({"engineer", "manager"})
READS |= {
    "dispute_queue": ({}, SIGNED_IN),
    "dispute_new": ({"review_id": "review", "line_id": "line"}, NOBODY),  # the address names no case
    "dispute_ticket": ({"ticket_id": "ticket"}, frozenset({"engineer"})),
    "api:ticket-place-list": ({"ticket_id": "ticket"}, frozenset({"engineer"})),
    "dispute_detail": (DISPUTE, READERS | ABOVE_OR_SELF),
    "review_appeal": ({"review_id": "review"}, READERS | ABOVE_OR_SELF),
    "appeal_terms": (CYCLE, HR),
    "interview": ({"review_id": "review"}, READERS | ABOVE_OR_SELF),
    "cycle_interviews": (CYCLE, READERS),
    "api:queue-list": ({}, SIGNED_IN),
    "api:dispute-list": ({"review_id": "review"}, READERS | ABOVE_OR_SELF),
    "api:appeal-list": ({"review_id": "review"}, READERS | ABOVE_OR_SELF),
    "api:appeal-terms-list": (CYCLE, READERS),
    "api:review-interview-list": ({"review_id": "review"}, READERS | ABOVE_OR_SELF),
}
WRITES |= {
    "decide_dispute": (DISPUTE, UNINVOLVED),
    "supplement_appeal": ({"review_id": "review"}, frozenset({"engineer"})),
    "withdraw_appeal": ({"review_id": "review"}, frozenset({"engineer"})),
    "withdraw_dispute": (DISPUTE, frozenset({"engineer"})),
    "api:appeal-withdrawal": ({"review_id": "review"}, frozenset({"engineer"})),
    "api:dispute-withdrawal": ({"review_id": "review", "pk": "dispute"}, frozenset({"engineer"})),
    "decide_appeal": ({"review_id": "review"}, UNINVOLVED),
    "interview_comment": ({"review_id": "review"}, frozenset({"engineer"})),
    "interview_confirm": ({"review_id": "review"}, TALKED),
    "api:dispute-decision": ({"review_id": "review", "pk": "dispute"}, UNINVOLVED),
    "api:appeal-supplement": ({"review_id": "review"}, frozenset({"engineer"})),
    "api:appeal-decision": ({"review_id": "review"}, UNINVOLVED),
    "api:review-interview-comment": ({"review_id": "review"}, frozenset({"engineer"})),
    "api:review-interview-confirmation": ({"review_id": "review"}, TALKED),
}

ABOUT_ONE = CYCLE | {"engineer_id": "one"}
DECIDED = CYCLE | {"request_id": "proposed"}
RATER = frozenset({"other engineer"})
READS |= {
    "feedback_tasks": ({}, SIGNED_IN),
    "feedback_answer": ({"request_id": "asked"}, RATER),
    "feedback_round": (CYCLE, READERS),
    "feedback_requests": (CYCLE, HR),
    "feedback_customers": (CYCLE, HR),
    "feedback_results": (CYCLE, READERS),
    "feedback_team": (CYCLE, MANAGERS),
    "feedback_raters": (ABOUT_ONE, READERS | ABOVE_OR_SELF),
    "feedback_result": (ABOUT_ONE, NOBODY),  # before the release; after it: tests/integration/feedback
    "api:feedback-task-list": ({}, SIGNED_IN),
    "api:feedback-task-detail": ({"pk": "asked"}, RATER),
    "api:feedback-round-detail": (CYCLE, READERS),
    "api:feedback-round-results": (CYCLE, READERS),
    "api:feedback-round-result": (ABOUT_ONE, NOBODY),
    "api:feedback-round-raters": (ABOUT_ONE, READERS | ABOVE_OR_SELF),
}
WRITES |= {
    "feedback_decline": ({"request_id": "asked"}, RATER),
    "feedback_nominate": (CYCLE, HR),
    "feedback_remind": (CYCLE, HR),
    "feedback_invite": (CYCLE, HR),
    "feedback_remind_customers": (CYCLE, HR),
    "feedback_release": (CYCLE, HR),
    "feedback_send_again": (CYCLE | {"request_id": "customer"}, HR),
    "feedback_export": (CYCLE | {"export_format": "csv"}, NOBODY),  # before the release
    "feedback_decide": (DECIDED, HR | ABOVE),
    "api:feedback-task-answer": ({"pk": "asked"}, RATER),
    "api:feedback-task-decline": ({"pk": "asked"}, RATER),
    "api:feedback-round-nominate": (CYCLE, HR),
    "api:feedback-round-remind": (CYCLE, HR),
    "api:feedback-round-invite": (CYCLE, HR),
    "api:feedback-round-remind-customers": (CYCLE, HR),
    "api:feedback-round-release": (CYCLE, HR),
    "api:feedback-round-customers": (CYCLE, HR),
    "api:feedback-round-link": (CYCLE | {"request_id": "customer"}, HR),
    "api:feedback-round-decision": (DECIDED, HR | ABOVE),
}

ENGINEERS = frozenset({"engineer", "other engineer"})
READS |= {
    "worklog": ({}, ENGINEERS),
    "worklog_day": ({"day": "2026-03-02"}, ENGINEERS),
    "api:worklog-list": ({}, ENGINEERS),
    "api:worklog-detail": ({"day": "2026-03-02"}, ENGINEERS),
    "api:home-list": ({}, SIGNED_IN),
    "api:standing-list": ({}, SIGNED_IN),
    "api:search-list": ({}, SIGNED_IN),
    "api:cycle-board-list": (CYCLE, MANAGERS),
    "review_worklog": ({"review_id": "review"}, READERS | ABOVE_OR_SELF),
    "review_reports": ({"review_id": "review"}, READERS | ABOVE_OR_SELF),
    "api:review-worklog-list": ({"review_id": "review"}, READERS | ABOVE_OR_SELF),
    "api:review-report-list": ({"review_id": "review"}, READERS | ABOVE_OR_SELF),
}
BONUS_PLAN = {"plan_id": "bonus plan"}
READS |= {
    "bonus_plans": (CYCLE, READERS),
    "bonus_plan": (BONUS_PLAN, READERS),
    "bonus_detail": ({"row_id": "bonus row"}, READERS),  # before approval; after it: tests/integration/outcomes
    "my_bonuses": ({}, SIGNED_IN),
    "payroll_presets": ({}, HR),
    "payroll_preset": ({"preset_id": "preset"}, HR),
    "api:bonus-plan-list": ({}, READERS),
    "api:bonus-plan-detail": ({"pk": "bonus plan"}, READERS),
    "api:bonus-plan-rows": ({"pk": "bonus plan"}, READERS),
    "api:bonus-list": ({}, SIGNED_IN),
    "api:bonus-detail": ({"pk": "bonus row"}, READERS),
    "api:payroll-preset-list": ({}, HR),
}
WRITES |= {
    "bonus_plan_create": (CYCLE, HR),
    "bonus_plan_settings": (BONUS_PLAN, HR),
    "bonus_plan_profiles": (BONUS_PLAN, HR),
    "bonus_plan_engineers": (BONUS_PLAN, HR),
    "bonus_plan_team": (BONUS_PLAN, HR),
    "bonus_plan_step": (BONUS_PLAN | {"step": "compute"}, HR),
    "bonus_plan_export": (BONUS_PLAN | {"export_format": "csv"}, HR),
    "api:bonus-plan-bases": ({"pk": "bonus plan"}, HR),
    "api:bonus-plan-team-factor": ({"pk": "bonus plan"}, HR),
    "api:bonus-plan-compute": ({"pk": "bonus plan"}, HR),
    "api:bonus-plan-approve": ({"pk": "bonus plan"}, HR),
    "api:bonus-plan-lock": ({"pk": "bonus plan"}, HR),
    "api:bonus-plan-export": ({"pk": "bonus plan"}, HR),
    "api:payroll-preset-detail": ({"pk": "preset"}, HR),
    "payroll_preset_delete": ({"preset_id": "preset"}, HR),
}
IMPROVEMENT = {"plan_id": "improvement plan"}
READS |= {
    "improvement_plans": ({}, SIGNED_IN),
    "improvement_plan": (IMPROVEMENT, READERS | ABOVE_OR_SELF),
    "api:improvement-plan-list": ({}, SIGNED_IN),
    "api:improvement-plan-proposed": ({}, HR | MANAGERS),
    "api:improvement-plan-detail": ({"pk": "improvement plan"}, READERS | ABOVE_OR_SELF),
}
WRITES |= {
    # Nobody draws consequences before publication; afterwards: tests/integration/outcomes.
    "improvement_plan_draft": ({"review_id": "review"}, NOBODY),
    "improvement_plan_write": (IMPROVEMENT, HR | ABOVE),
    "improvement_plan_move": (IMPROVEMENT, HR | ABOVE),
    "improvement_plan_comment": (IMPROVEMENT, frozenset({"engineer"})),
    "improvement_plan_check": (IMPROVEMENT | {"check_id": "check"}, HR | ABOVE),
    "improvement_plan_end": (IMPROVEMENT, HR | ABOVE),
    "api:improvement-plan-move": ({"pk": "improvement plan"}, HR | ABOVE),
    "api:improvement-plan-comment": ({"pk": "improvement plan"}, frozenset({"engineer"})),
    "api:improvement-plan-check": ({"pk": "improvement plan"}, HR | ABOVE),
    "api:improvement-plan-end": ({"pk": "improvement plan"}, HR | ABOVE),
}
READS |= {
    "training_needs": ({}, SIGNED_IN),
    "training_need": ({"need_id": "need"}, READERS),  # before publication; after it: tests/integration/outcomes
    "courses": ({}, READERS),
    "course": ({"course_id": "course"}, READERS),
    "api:training-need-list": ({}, SIGNED_IN),
    "api:training-need-detail": ({"pk": "need"}, READERS),
    "api:course-list": ({}, READERS),
}
WRITES |= {
    "training_needs_find": (CYCLE, HR),
    "training_needs_export": ({"export_format": "csv"}, READERS | MANAGERS),
    "training_need_done": ({"need_id": "need"}, NOBODY),
    "api:training-need-find": ({}, HR),
    "api:training-need-decision": ({"pk": "need"}, NOBODY),
    "api:training-need-done": ({"pk": "need"}, NOBODY),
    "api:course-detail": ({"pk": "course"}, HR),
}
READS |= {
    "promotions": (CYCLE, READERS),
    # Before publication; after it: tests/integration/outcomes.
    "promotion": ({"review_id": "review"}, NOBODY),
    "api:promotion-list": ({}, READERS),
    "api:promotion-detail": ({"pk": "review"}, NOBODY),
    "commendations": ({}, SIGNED_IN),
    "commendation": ({"commendation_id": "praise"}, READERS | ABOVE),  # its engineer once it is approved
    "api:commendation-list": ({}, SIGNED_IN),
    "api:commendation-detail": ({"pk": "praise"}, READERS | ABOVE),
    "post_changes": ({}, SIGNED_IN),
    "post_change": ({"change_id": "post change"}, READERS | ABOVE_OR_SELF),
    "api:post-change-list": ({}, SIGNED_IN),
    "api:post-change-detail": ({"pk": "post change"}, READERS | ABOVE_OR_SELF),
    "outcome_rules": ({}, READERS),
    "api:outcome-rule-list": ({}, READERS),
}
WRITES |= {
    "api:promotion-decision": ({"pk": "review"}, NOBODY),
    "api:commendation-decision": ({"pk": "praise"}, HR | ABOVE),
    "post_change_comment": ({"change_id": "post change"}, frozenset({"engineer"})),
    "api:post-change-decision": ({"pk": "post change"}, HR | ABOVE),
    "api:post-change-comment": ({"pk": "post change"}, frozenset({"engineer"})),
    "api:outcome-rule-change": ({}, HR),
}
PUT |= {
    "api:outcome-rule-change",
    "api:course-detail",
    "api:bonus-plan-bases",
    "api:bonus-plan-team-factor",
    "api:payroll-preset-detail",
}

# Made for everybody, or by the log-in library, which has tests of its own; a customer's link is its own key.
PUBLIC = {
    *("healthz", "readyz", "choose_language", "choose_theme", "set_language", "customer_feedback"),
    *("worklog_offline", "service_worker", "web_manifest"),  # nobody's data: what a phone keeps of the portal
}
# Takes away what the others above need.
WRITES["feedback_withdraw"] = (CYCLE, HR)
