from django.urls import URLPattern, path

from appraisal.evidence import converters  # noqa: F401  # makes <day:…> known
from appraisal.evidence.views import audits, imports, mappings, records, settlements, targets, tickets, worklogs

urlpatterns: list[URLPattern] = [
    path("evidence/", imports.import_list, name="import_list"),
    path("evidence/new/", imports.import_new, name="import_new"),
    path("evidence/samples/<slug:preset>.csv", imports.import_sample, name="import_sample"),
    path("evidence/targets/", targets.target_list, name="target_list"),
    path("evidence/targets/<int:target_id>/remove/", targets.target_remove, name="target_remove"),
    path("evidence/<int:import_id>/", imports.import_detail, name="import_detail"),
    path("evidence/<int:import_id>/progress/", imports.import_progress, name="import_progress"),
    path("evidence/<int:import_id>/confirm/", imports.import_confirm, name="import_confirm"),
    path("evidence/<int:import_id>/mapping/", mappings.import_mapping, name="import_mapping"),
    path("evidence/<int:import_id>/preset/", mappings.import_keep, name="import_keep"),
    path("evidence/presets/", mappings.preset_list, name="preset_list"),
    path("evidence/presets/<slug:code>/", mappings.preset_detail, name="preset_detail"),
    path("evidence/presets/<slug:code>/delete/", mappings.preset_delete, name="preset_delete"),
    path("evidence/<int:import_id>/rejects.csv", imports.import_rejects, name="import_rejects"),
    path("evidence/records/", records.record_overview, name="record_overview"),
    path("evidence/records/<slug:kind>/", records.record_list, name="record_list"),
    path("evidence/records/<slug:kind>/new/", records.record_new, name="record_new"),
    path("evidence/records/<slug:kind>/<int:record_id>/", records.record_detail, name="record_detail"),
    path("evidence/records/<slug:kind>/<int:record_id>/edit/", records.record_edit, name="record_edit"),
    path("evidence/records/<slug:kind>/<int:record_id>/withdraw/", records.record_withdraw, name="record_withdraw"),
    path("evidence/records/<slug:kind>/<int:record_id>/restore/", records.record_restore, name="record_restore"),
    path("evidence/exceptions/", settlements.exception_list, name="exception_list"),
    path(
        "evidence/exceptions/<slug:about>/<int:record_id>/<slug:anomaly>/",
        settlements.exception_settle,
        name="exception_settle",
    ),
    path("evidence/audits/", audits.sample_list, name="sample_list"),
    path("evidence/audits/<int:sample_id>/", audits.sample_detail, name="sample_detail"),
    path("evidence/audits/mine/", audits.audit_queue, name="audit_queue"),
    path("evidence/audits/mine/<int:audit_id>/", audits.audit_judge, name="audit_judge"),
    path("worklog/", worklogs.worklog, name="worklog"),
    path("worklog/<day:day>/", worklogs.worklog, name="worklog_day"),
    path("worklog/offline/", worklogs.worklog_offline, name="worklog_offline"),
    path("sw.js", worklogs.service_worker, name="service_worker"),
    path("manifest.webmanifest", worklogs.web_manifest, name="web_manifest"),
    path("tickets/<int:ticket_id>/", tickets.ticket_detail, name="ticket_detail"),
]
