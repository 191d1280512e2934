"""Live sources, contacts picked for a campaign, and what uploaded files of campaigns lacked."""

from django.urls import path

from clarion.web.pages import chosen_people, group_sources, livesheets, sources

workspace_urlpatterns = [
    path("contacts/campaign/", chosen_people.contacts_campaign, name="contacts_campaign"),
    path("sources/", livesheets.sheet_list, name="sources"),
    path("sources/new/", livesheets.sheet_new, name="sheet_new"),
    path("sources/new-group/", group_sources.sheet_new_group, name="sheet_new_group"),
    path("sources/<uuid:id>/", livesheets.sheet_detail, name="sheet"),
    path("sources/<uuid:id>/refresh/", livesheets.sheet_refresh, name="sheet_refresh"),
    path("sources/<uuid:id>/delete/", livesheets.sheet_delete, name="sheet_delete"),
    path("sources/<uuid:id>/live/", livesheets.sheet_live, name="sheet_live"),
    path("sources/<uuid:id>/state/", livesheets.sheet_state, name="sheet_state"),
    path("sources/<uuid:id>/rejected.csv", sources.source_rejected, name="source_rejected"),
]
