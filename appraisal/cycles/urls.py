from django.urls import URLPattern, path

from appraisal.cycles import setup_views, views

urlpatterns: list[URLPattern] = [
    path("cycles/", views.cycle_list, name="cycle_list"),
    path("cycles/new/", setup_views.cycle_new, name="cycle_new"),
    path("cycles/new/<int:draft_id>/discard/", setup_views.cycle_setup_discard, name="cycle_setup_discard"),
    path("cycles/new/<int:draft_id>/<slug:step>/", setup_views.cycle_setup, name="cycle_setup"),
    path("cycles/<slug:code>/values/", views.cycle_values, name="cycle_values"),
    path(
        "cycles/<slug:code>/values/<int:value_id>/withdraw/", views.cycle_value_withdraw, name="cycle_value_withdraw"
    ),
    path("cycles/<slug:code>/schemes/", views.cycle_schemes, name="cycle_schemes"),
]
