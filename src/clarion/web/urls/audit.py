"""The workspace's audit log."""

from django.urls import path

from clarion.web.pages import audit

workspace_urlpatterns = [
    path("audit/", audit.audit, name="audit"),
    path("audit/check/", audit.audit_check, name="audit_check"),
    path("audit/audit.csv", audit.audit_csv, name="audit_csv"),
]
