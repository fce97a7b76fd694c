from django.urls import URLPattern, path

from appraisal.kpis import library_views, suggestion_views, views

urlpatterns: list[URLPattern] = [
    path("kpis/", library_views.kpi_list, name="kpi_list"),
    path("kpis/measures/", library_views.measure_list, name="measure_list"),
    path("kpis/measures/<slug:measure_id>/", library_views.measure_detail, name="measure_detail"),
    path("schemes/", views.scheme_list, name="scheme_list"),
    path("schemes/shipped/load/", views.scheme_load_shipped, name="scheme_load_shipped"),
    path("schemes/<slug:code>/", views.scheme_detail, name="scheme_detail"),
    path("schemes/<slug:code>/v<int:number>/", views.scheme_version, name="scheme_version"),
    path("schemes/<slug:code>/v<int:number>/scheme.yaml", views.scheme_dump, name="scheme_dump"),
    path("schemes/<slug:code>/draft/", views.scheme_draft, name="scheme_draft"),
    path("schemes/<slug:code>/draft/start/", views.scheme_draft_start, name="scheme_draft_start"),
    path("schemes/<slug:code>/draft/discard/", views.scheme_draft_discard, name="scheme_draft_discard"),
    path("schemes/<slug:code>/draft/dimensions/", views.scheme_dimension_add, name="scheme_dimension_add"),
    path("suggestions/", suggestion_views.suggestion_list, name="suggestion_list"),
    path("suggestions/<int:suggestion_id>/", suggestion_views.suggestion_detail, name="suggestion_detail"),
]
