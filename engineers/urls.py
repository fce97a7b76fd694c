from django.urls import URLPattern, path

from engineers import audit_views, views

urlpatterns: list[URLPattern] = [
    path("language/", views.choose_language, name="choose_language"),
    path("time-zone/", views.choose_time_zone, name="choose_time_zone"),
    path("theme/", views.choose_theme, name="choose_theme"),
    path("people/", views.engineer_list, name="engineer_list"),
    path("people/suggest/", views.people_suggest, name="people_suggest"),
    path("people/<int:engineer_id>/", views.engineer_detail, name="engineer_detail"),
    path("people/<int:engineer_id>/leave/", views.leave_list, name="leave_list"),
    path("people/<int:engineer_id>/leave/<int:leave_id>/remove/", views.leave_remove, name="leave_remove"),
    path("people/teams/", views.team_tree, name="team_tree"),
    path("audit/", audit_views.audit_list, name="audit_list"),
    path("audit/export/", audit_views.audit_export, name="audit_export"),
    path("audit/<int:entry_id>/", audit_views.audit_detail, name="audit_detail"),
    path("people/import/", views.staff_import, name="staff_import"),
]
