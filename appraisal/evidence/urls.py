from django.urls import URLPattern, path

from appraisal.evidence import views

urlpatterns: list[URLPattern] = [
    path("evidence/", views.import_list, name="import_list"),
    path("evidence/new/", views.import_new, name="import_new"),
    path("evidence/targets/", views.target_list, name="target_list"),
    path("evidence/targets/<int:target_id>/remove/", views.target_remove, name="target_remove"),
    path("evidence/<int:import_id>/", views.import_detail, name="import_detail"),
    path("evidence/<int:import_id>/progress/", views.import_progress, name="import_progress"),
    path("evidence/<int:import_id>/confirm/", views.import_confirm, name="import_confirm"),
    path("evidence/<int:import_id>/rejects.csv", views.import_rejects, name="import_rejects"),
    path("tickets/<int:ticket_id>/", views.ticket_detail, name="ticket_detail"),
]
