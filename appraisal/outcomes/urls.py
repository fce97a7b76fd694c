from django.urls import URLPattern, path

from appraisal.outcomes import bonus_views, honours_views, plan_views, post_views, training_views

PLAN = "bonus/<int:plan_id>/"
IMPROVEMENT = "plans/<int:plan_id>/"

urlpatterns: list[URLPattern] = [
    path("cycles/<slug:code>/bonus/", bonus_views.plan_list, name="bonus_plans"),
    path("cycles/<slug:code>/bonus/new/", bonus_views.plan_create, name="bonus_plan_create"),
    path("bonus/", bonus_views.my_bonuses, name="my_bonuses"),
    path("bonus/rows/<int:row_id>/", bonus_views.bonus_detail, name="bonus_detail"),
    path("bonus/columns/", bonus_views.preset_list, name="payroll_presets"),
    path("bonus/columns/<int:preset_id>/", bonus_views.preset_detail, name="payroll_preset"),
    path("bonus/columns/<int:preset_id>/delete/", bonus_views.preset_delete, name="payroll_preset_delete"),
    path(PLAN, bonus_views.plan_detail, name="bonus_plan"),
    path(f"{PLAN}settings/", bonus_views.plan_settings, name="bonus_plan_settings"),
    path(f"{PLAN}profiles/", bonus_views.plan_profiles, name="bonus_plan_profiles"),
    path(f"{PLAN}engineers/", bonus_views.plan_engineers, name="bonus_plan_engineers"),
    path(f"{PLAN}team/", bonus_views.plan_team, name="bonus_plan_team"),
    path(f"{PLAN}<slug:step>/", bonus_views.plan_step, name="bonus_plan_step"),
    path(f"{PLAN}export/<slug:export_format>/", bonus_views.plan_export, name="bonus_plan_export"),
    path("plans/", plan_views.plan_list, name="improvement_plans"),
    path("reviews/<int:review_id>/plan/", plan_views.plan_draft, name="improvement_plan_draft"),
    path(IMPROVEMENT, plan_views.plan_detail, name="improvement_plan"),
    path(f"{IMPROVEMENT}write/", plan_views.plan_write, name="improvement_plan_write"),
    path(f"{IMPROVEMENT}move/", plan_views.plan_move, name="improvement_plan_move"),
    path(f"{IMPROVEMENT}comment/", plan_views.plan_comment, name="improvement_plan_comment"),
    path(f"{IMPROVEMENT}checks/<int:check_id>/", plan_views.plan_check, name="improvement_plan_check"),
    path(f"{IMPROVEMENT}end/", plan_views.plan_end, name="improvement_plan_end"),
    path("training/", training_views.need_list, name="training_needs"),
    path("training/<int:need_id>/", training_views.need_detail, name="training_need"),
    path("training/<int:need_id>/done/", training_views.need_done, name="training_need_done"),
    path("training/export/<slug:export_format>/", training_views.need_export, name="training_needs_export"),
    path("cycles/<slug:code>/training/", training_views.need_find, name="training_needs_find"),
    path("courses/", training_views.course_list, name="courses"),
    path("courses/<int:course_id>/", training_views.course_detail, name="course"),
    path("cycles/<slug:code>/promotion/", honours_views.promotion_list, name="promotions"),
    path("reviews/<int:review_id>/promotion/", honours_views.promotion_detail, name="promotion"),
    path("commendations/", honours_views.commendation_list, name="commendations"),
    path("commendations/<int:commendation_id>/", honours_views.commendation_detail, name="commendation"),
    path("post-changes/", post_views.post_change_list, name="post_changes"),
    path("post-changes/<int:change_id>/", post_views.post_change_detail, name="post_change"),
    path("post-changes/<int:change_id>/comment/", post_views.post_change_comment, name="post_change_comment"),
    path("outcome-rules/", honours_views.rules, name="outcome_rules"),
]
