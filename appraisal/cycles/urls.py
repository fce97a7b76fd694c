from django.urls import URLPattern, path

from appraisal.cycles import views

urlpatterns: list[URLPattern] = [
    path("cycles/", views.cycle_list, name="cycle_list"),
    path("cycles/<slug:code>/schemes/", views.cycle_schemes, name="cycle_schemes"),
]
