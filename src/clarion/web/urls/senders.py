"""Senders."""

from django.urls import path

from clarion.web.pages import sender_acting as acting
from clarion.web.pages import sender_link as linking
from clarion.web.pages import sender_log as log
from clarion.web.pages import sender_names as names
from clarion.web.pages import sender_templates as templates
from clarion.web.pages import senders

workspace_urlpatterns = [
    path("senders/", senders.sender_list, name="senders"),
    path("senders/new/", senders.sender_new, name="sender_new"),
    path("senders/new/<slug:channel>/", senders.sender_create, name="sender_create"),
    path("senders/<uuid:id>/", senders.sender_edit, name="sender"),
    path("senders/<uuid:id>/log/", log.sender_log, name="sender_log"),
    path("senders/<uuid:id>/names/", names.sender_names, name="sender_names"),
    path("senders/<uuid:id>/link/", linking.sender_link, name="sender_link"),
    path("senders/<uuid:id>/link/code.png", linking.sender_link_code, name="sender_link_code"),
    path("senders/<uuid:id>/templates/", templates.sender_templates, name="sender_templates"),
    path(
        "senders/<uuid:id>/templates/refresh/",
        templates.sender_templates_refresh,
        name="sender_templates_refresh",
    ),
    path("senders/<uuid:id>/templates/use/", templates.sender_template_use, name="sender_template_use"),
    path("senders/<uuid:id>/pause/", acting.sender_pause, name="sender_pause"),
    path("senders/<uuid:id>/activate/", acting.sender_activate, name="sender_activate"),
    path("senders/<uuid:id>/delete/", acting.sender_delete, name="sender_delete"),
    path("senders/<uuid:id>/check/", acting.sender_check, name="sender_check"),
    path("senders/<uuid:id>/test/", acting.sender_test, name="sender_test"),
]
