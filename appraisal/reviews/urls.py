from django.urls import URLPattern, path

from appraisal.reviews import calibration_views, cycle_views, self_views, veto_views, views, worklog_views

urlpatterns: list[URLPattern] = [
    path("reviews/<int:review_id>/rate/", views.rate, name="rate_review"),
    path("reviews/<int:review_id>/rate/save/", views.save, name="save_rating"),
    path("reviews/<int:review_id>/rate/lines/", views.override, name="override_line"),
    path(
        "reviews/<int:review_id>/rate/lines/<int:override_id>/withdraw/",
        views.override_withdraw,
        name="override_withdraw",
    ),
    path("reviews/<int:review_id>/move/", views.move_review, name="move_review"),
    path("reviews/<int:review_id>/self/", self_views.self_review, name="self_review"),
    path("reviews/<int:review_id>/self/save/", self_views.save, name="save_self_review"),
    path("reviews/<int:review_id>/worklog/", worklog_views.review_worklog, name="review_worklog"),
    path("reviews/<int:review_id>/reports/", worklog_views.review_reports, name="review_reports"),
    path("reviews/<int:review_id>/vetoes/", veto_views.review_vetoes, name="review_vetoes"),
    path("reviews/<int:review_id>/vetoes/<int:veto_id>/decide/", veto_views.decide, name="decide_veto"),
    path("reviews/<int:review_id>/vetoes/<int:veto_id>/withdraw/", veto_views.withdraw, name="withdraw_veto"),
    path("reviews/<int:review_id>/calibration/", calibration_views.review_calibration, name="review_calibration"),
    path(
        "reviews/<int:review_id>/calibration/<int:calibration_id>/decide/",
        calibration_views.decide,
        name="decide_calibration",
    ),
    path(
        "reviews/<int:review_id>/calibration/<int:calibration_id>/withdraw/",
        calibration_views.withdraw,
        name="withdraw_calibration",
    ),
    path("cycles/<slug:code>/calibration/", calibration_views.session, name="cycle_calibration"),
    path("cycles/<slug:code>/calibration/distribution/", calibration_views.take_over, name="take_over_distribution"),
    path(
        "cycles/<slug:code>/calibration/export/<slug:export_format>/",
        calibration_views.export,
        name="calibration_export",
    ),
    path("cycles/<slug:code>/move/", cycle_views.move, name="move_cycle"),
    path("cycles/<slug:code>/stages/", cycle_views.stages, name="cycle_stages"),
    path("cycles/<slug:code>/reopenings/<int:reopening_id>/decide/", cycle_views.decide, name="decide_reopening"),
]
