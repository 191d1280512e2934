"""Contacts."""

from django.urls import path

from clarion.web.pages import attributes, contact, contact_data, contact_edits, contact_merge, contacts

workspace_urlpatterns = [
    path("contacts/<uuid:id>/reveal/", contact.contact_reveal, name="contact_reveal"),
    path("contacts/", contacts.contact_list, name="contacts"),
    path("contacts/new/", contact.contact_new, name="contact_new"),
    path("contacts/bulk/", contact_edits.contact_bulk, name="contact_bulk"),
    path("contacts/change/", contact_edits.contact_change, name="contact_change"),
    path("contacts/edits/", contact_edits.contact_edits, name="contact_edits"),
    path("contacts/edits/<uuid:edit>/undo/", contact_edits.contact_undo, name="contact_undo"),
    path("contacts/attributes/", attributes.contact_attributes, name="contact_attributes"),
    path("contacts/attributes/forget/", attributes.contact_attribute_forget, name="contact_attribute_forget"),
    path("contacts/attributes/consent/", attributes.contact_consent_asked, name="contact_consent_asked"),
    path("contacts/duplicates/", contact_merge.contact_duplicates, name="contact_duplicates"),
    path("contacts/erasures/", contact_data.contact_erasures, name="contact_erasures"),
    path("contacts/<uuid:id>/", contact.contact_detail, name="contact"),
    path("contacts/<uuid:id>/delete/", contact.contact_delete, name="contact_delete"),
    path("contacts/<uuid:id>/lists/", contact.contact_lists, name="contact_lists"),
    path("contacts/<uuid:id>/addresses/", contact.contact_addresses, name="contact_addresses"),
    path("contacts/<uuid:id>/consent/", contact.contact_consent, name="contact_consent"),
    path("contacts/<uuid:id>/merge/", contact_merge.contact_merge, name="contact_merge"),
    path("contacts/<uuid:id>/data/", contact_data.contact_file, name="contact_file"),
    path("contacts/<uuid:id>/erase/", contact_data.contact_erase, name="contact_erase"),
]
