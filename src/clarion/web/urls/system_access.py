"""What system administrators see of getting in: the system sender, people, single sign-on and the trail."""

from django.urls import path

from clarion.web.pages import system_access, system_mail, system_people

urlpatterns = [
    path("system/mail/", system_mail.mail, name="system_mail"),
    path("system/mail/sender/", system_mail.choose, name="system_mail_choose"),
    path("system/mail/server/", system_mail.server, name="system_mail_server"),
    path("system/mail/off/", system_mail.off, name="system_mail_off"),
    path("system/mail/test/", system_mail.test, name="system_mail_test"),
    path("system/people/", system_people.people, name="system_people"),
    path("system/people/<int:id>/", system_people.person, name="system_person"),
    path("system/people/<int:id>/<slug:action>/", system_people.act, name="system_person_act"),
    path("system/access/", system_access.trail, name="system_trail"),
    path("system/sso/", system_access.providers, name="system_sso"),
    path("system/sso/<slug:slug>/", system_access.provider, name="system_sso_one"),
    path("system/sso/<slug:slug>/delete/", system_access.provider_delete, name="system_sso_delete"),
]
