"""The demo workspace's one action."""

from django.urls import path

from clarion.web.pages import demo

workspace_urlpatterns = [path("-/remove-demo/", demo.remove, name="demo_remove")]
