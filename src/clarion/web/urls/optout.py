"""Who may be written to, and how often: caps, bounces, the preference page, and the words of answers."""

from django.urls import path

from clarion.web.pages import optout

workspace_urlpatterns = [
    path("opt-out/", optout.rules, name="optout_rules"),
    path("opt-out/words/<str:language>/", optout.words, name="optout_words"),
    path("opt-out/words/<str:language>/reset/", optout.reset_words, name="optout_words_reset"),
]
