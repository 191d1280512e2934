"""Templates."""

from django.urls import path

from clarion.web.pages import template_acting as acting
from clarion.web.pages import template_previews as previews
from clarion.web.pages import template_versions as versions
from clarion.web.pages import templates

workspace_urlpatterns = [
    path("templates/", templates.template_list, name="templates"),
    path("templates/new/", templates.template_new, name="template_new"),
    path("templates/check/", previews.template_check, name="template_check"),
    path("templates/frame/", previews.template_frame, name="template_frame"),
    path("templates/<uuid:id>/", templates.template_edit, name="template"),
    path("templates/<uuid:id>/duplicate/", acting.template_duplicate, name="template_duplicate"),
    path("templates/<uuid:id>/archive/", acting.template_archive, name="template_archive"),
    path("templates/<uuid:id>/restore/", acting.template_restore, name="template_restore"),
    path("templates/<uuid:id>/delete/", acting.template_delete, name="template_delete"),
    path("templates/<uuid:id>/languages/add/", acting.language_add, name="template_language_add"),
    path("templates/<uuid:id>/languages/remove/", acting.language_remove, name="template_language_remove"),
    path("templates/<uuid:id>/versions/", versions.version_list, name="template_versions"),
    path("templates/<uuid:id>/versions/<int:number>/", versions.version, name="template_version"),
    path(
        "templates/<uuid:id>/versions/<int:number>/frame/",
        previews.version_frame,
        name="template_version_frame",
    ),
    path(
        "templates/<uuid:id>/versions/<int:number>/restore/",
        versions.version_restore,
        name="template_version_restore",
    ),
]
