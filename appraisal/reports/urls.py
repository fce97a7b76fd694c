from django.urls import URLPattern, path

from appraisal.reports import kpi_editor_views, kpi_review_views, print_views, tryout_views, views

urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    path("search/", views.search_page, name="search"),
    path("team/", views.team_board, name="team_board"),
    path("reviews/<int:review_id>/", views.scorecard_detail, name="scorecard_detail"),
    path("reviews/<int:review_id>/scorecard.pdf", views.scorecard_pdf, name="scorecard_pdf"),
    path("reviews/<int:review_id>/lines/<int:line_id>/", views.line_cases, name="line_cases"),
    path(
        "reviews/<int:review_id>/lines/<int:line_id>/cases/<slug:export_format>/",
        views.line_cases_file,
        name="line_cases_file",
    ),
    path("cycles/<slug:code>/", views.cycle_detail, name="cycle_detail"),
    path("cycles/<slug:code>/progress/", views.cycle_progress, name="cycle_progress"),
    path("cycles/<slug:code>/quality/", views.cycle_quality, name="cycle_quality"),
    path("cycles/<slug:code>/score/", views.score, name="score_cycle"),
    path("cycles/<slug:code>/results/", views.cycle_results, name="cycle_results"),
    path("cycles/<slug:code>/prints/", print_views.cycle_prints, name="cycle_prints"),
    path("cycles/<slug:code>/prints/<int:job_id>/", print_views.cycle_print_file, name="cycle_print_file"),
    path("cycles/<slug:code>/export/<slug:export_format>/", views.cycle_export, name="cycle_export"),
    path("cycles/<slug:code>/kpi-review/", kpi_review_views.cycle_kpi_review, name="cycle_kpi_review"),
    path(
        "cycles/<slug:code>/kpi-review/export/<slug:export_format>/",
        kpi_review_views.kpi_review_export,
        name="kpi_review_export",
    ),
    path(
        "cycles/<slug:code>/kpi-review/kpis/<slug:kpi>/v<int:number>/",
        kpi_review_views.kpi_review_people,
        name="kpi_review_people",
    ),
    path(
        "cycles/<slug:code>/kpi-review/causes/<slug:sort>/",
        kpi_review_views.kpi_review_records,
        name="kpi_review_records",
    ),
    path("kpis/new/", kpi_editor_views.kpi_new, name="kpi_new"),
    path("kpis/<slug:code>/", kpi_editor_views.kpi_edit, name="kpi_edit"),
    path("schemes/<slug:code>/draft/what-if/", tryout_views.scheme_what_if, name="scheme_what_if"),
    path("schemes/<slug:code>/v<int:number>/try/", tryout_views.scheme_try, name="scheme_try"),
]
