"""What only system administrators see: all workspaces, and the campaigns of all of them."""

from django.urls import path

from clarion.web.pages import all_campaigns, system

urlpatterns = [
    path("system/campaigns/", all_campaigns.campaign_list, name="all_campaigns"),
    path("system/campaigns/live/", all_campaigns.live, name="all_campaigns_live"),
    path("system/campaigns/<uuid:id>/row/", all_campaigns.row, name="all_campaigns_row"),
    path("system/workspaces/", system.workspaces, name="system_workspaces"),
    path("system/workspaces/<slug:slug>/", system.workspace, name="system_workspace"),
    path("system/workspaces/<slug:slug>/campaigns/", system.switch, name="system_switch"),
]
