from django.urls import URLPattern, path

from appraisal.feedback import customer_views, rater_views, round_views, views

ROUND = "cycles/<slug:code>/feedback/"

urlpatterns: list[URLPattern] = [
    path("feedback/", views.tasks, name="feedback_tasks"),
    path("feedback/<int:request_id>/", views.answer, name="feedback_answer"),
    path("feedback/<int:request_id>/decline/", views.decline, name="feedback_decline"),
    path("f/<str:token>/", customer_views.customer_feedback, name="customer_feedback"),
    path(ROUND, round_views.round_page, name="feedback_round"),
    path(f"{ROUND}nominate/", round_views.nominate, name="feedback_nominate"),
    path(f"{ROUND}remind/", round_views.remind, name="feedback_remind"),
    path(f"{ROUND}withdraw/", round_views.withdraw, name="feedback_withdraw"),
    path(f"{ROUND}invite/", round_views.invite, name="feedback_invite"),
    path(f"{ROUND}remind-customers/", round_views.remind_customers, name="feedback_remind_customers"),
    path(f"{ROUND}release/", round_views.release, name="feedback_release"),
    path(f"{ROUND}requests/", round_views.request_list, name="feedback_requests"),
    path(f"{ROUND}customers/", round_views.customers, name="feedback_customers"),
    path(f"{ROUND}customers/<int:request_id>/send/", round_views.send_again, name="feedback_send_again"),
    path(f"{ROUND}results/", round_views.results, name="feedback_results"),
    path(f"{ROUND}export/<str:export_format>/", round_views.export, name="feedback_export"),
    path(f"{ROUND}team/", rater_views.team, name="feedback_team"),
    path(f"{ROUND}people/<int:engineer_id>/", rater_views.rater_list, name="feedback_raters"),
    path(f"{ROUND}people/<int:engineer_id>/result/", rater_views.result, name="feedback_result"),
    path(f"{ROUND}raters/<int:request_id>/decide/", rater_views.rater_decide, name="feedback_decide"),
]
