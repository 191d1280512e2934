"""Who belongs to a workspace, and the links by which people join one."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from clarion.web.pages import join, members

urlpatterns = [
    path("help/roles/", members.roles, name="roles"),
    path("join/<str:secret>/", login_not_required(join.join), name="join"),
]

workspace_urlpatterns = [
    path("members/", members.member_list, name="members"),
    path("members/leave/", members.leave, name="members_leave"),
    path("members/<uuid:id>/", members.member_detail, name="member"),
    path("members/<uuid:id>/<slug:verb>/", members.member_act, name="member_act"),
    path("members/invitations/<uuid:id>/renew/", members.invitation_renew, name="invitation_renew"),
    path("members/invitations/<uuid:id>/withdraw/", members.invitation_withdraw, name="invitation_withdraw"),
]
