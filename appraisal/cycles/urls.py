from django.urls import URLPattern, path

from appraisal.cycles import views

urlpatterns: list[URLPattern] = [
    path("cycles/", views.cycle_list, name="cycle_list"),
    path("cycles/<slug:code>/values/", views.cycle_values, name="cycle_values"),
    path(
        "cycles/<slug:code>/values/<int:value_id>/withdraw/", views.cycle_value_withdraw, name="cycle_value_withdraw"
    ),
    path("cycles/<slug:code>/schemes/", views.cycle_schemes, name="cycle_schemes"),
]
