"""Contacts."""

from django.urls import path

from clarion.web.pages import contacts

workspace_urlpatterns = [
    path("contacts/", contacts.contact_list, name="contacts"),
    path("contacts/new/", contacts.contact_new, name="contact_new"),
    path("contacts/bulk/", contacts.contact_bulk, name="contact_bulk"),
    path("contacts/<uuid:id>/", contacts.contact_detail, name="contact"),
    path("contacts/<uuid:id>/delete/", contacts.contact_delete, name="contact_delete"),
    path("contacts/<uuid:id>/lists/", contacts.contact_lists, name="contact_lists"),
]
