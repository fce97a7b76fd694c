from django.urls import URLPattern, path

from appraisal.reviews.appeals import dispute_views
from appraisal.reviews.appeals import views as appeal_views
from appraisal.reviews.calibration import views as calibration_views
from appraisal.reviews.interviews import views as interview_views
from appraisal.reviews.rating import self_views, views
from appraisal.reviews.steps import views as cycle_views
from appraisal.reviews.vetoes import views as veto_views
from appraisal.reviews.worklogs import views as worklog_views

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
    path("disputes/", dispute_views.queue, name="dispute_queue"),
    path("tickets/<int:ticket_id>/dispute/", dispute_views.dispute_ticket, name="dispute_ticket"),
    path("reviews/<int:review_id>/lines/<int:line_id>/dispute/", dispute_views.dispute_new, name="dispute_new"),
    path("reviews/<int:review_id>/disputes/<int:dispute_id>/", dispute_views.dispute_detail, name="dispute_detail"),
    path(
        "reviews/<int:review_id>/disputes/<int:dispute_id>/decide/",
        dispute_views.decide_dispute,
        name="decide_dispute",
    ),
    path(
        "reviews/<int:review_id>/disputes/<int:dispute_id>/withdraw/", dispute_views.withdraw, name="withdraw_dispute"
    ),
    path("reviews/<int:review_id>/appeal/", appeal_views.review_appeal, name="review_appeal"),
    path("reviews/<int:review_id>/appeal/add/", appeal_views.supplement, name="supplement_appeal"),
    path("reviews/<int:review_id>/appeal/decide/", appeal_views.decide, name="decide_appeal"),
    path("reviews/<int:review_id>/appeal/withdraw/", appeal_views.withdraw, name="withdraw_appeal"),
    path("cycles/<slug:code>/appeal-terms/", appeal_views.terms, name="appeal_terms"),
    path("reviews/<int:review_id>/interview/", interview_views.interview, name="interview"),
    path("reviews/<int:review_id>/interview/comment/", interview_views.comment, name="interview_comment"),
    path("reviews/<int:review_id>/interview/confirm/", interview_views.confirm, name="interview_confirm"),
    path("cycles/<slug:code>/interviews/", interview_views.cycle_interviews, name="cycle_interviews"),
    path("cycles/<slug:code>/move/", cycle_views.move, name="move_cycle"),
    path("cycles/<slug:code>/stages/", cycle_views.stages, name="cycle_stages"),
    path("cycles/<slug:code>/reopenings/<int:reopening_id>/decide/", cycle_views.decide, name="decide_reopening"),
]
