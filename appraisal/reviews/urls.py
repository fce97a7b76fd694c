from django.urls import URLPattern, path

from appraisal.reviews import views

urlpatterns: list[URLPattern] = [
    path("reviews/<int:review_id>/rate/", views.rate, name="rate_review"),
    path("reviews/<int:review_id>/rate/save/", views.save, name="save_rating"),
    path("reviews/<int:review_id>/rate/take-back/", views.take_back, name="take_back_review"),
    path("cycles/<slug:code>/move/", views.move, name="move_cycle"),
]
