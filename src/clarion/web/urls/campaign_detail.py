"""The page of one campaign and its tabs, under the namespace `campaigns`."""

from django.urls import path

from clarion.web.pages import (
    campaign_analytics,
    campaign_detail,
    campaign_speed,
    exports,
    gathered_people,
    recipients,
)

campaign_urlpatterns = [
    path("<uuid:id>/", campaign_detail.detail, name="detail"),
    path("<uuid:id>/now/", campaign_detail.now, name="now"),
    path("<uuid:id>/head/", campaign_detail.head, name="head"),
    path("<uuid:id>/part/<slug:part>/", campaign_detail.part_of, name="part"),
    path("<uuid:id>/recipients/", recipients.recipients, name="recipients"),
    path("<uuid:id>/recipients/columns/", gathered_people.columns, name="people_columns"),
    path("<uuid:id>/recipients/list/", gathered_people.make_list, name="people_list"),
    path("<uuid:id>/recipients/suppress/", gathered_people.suppress, name="people_suppress"),
    path("<uuid:id>/recipients/<int:number>/", recipients.recipient, name="recipient"),
    path("<uuid:id>/recipients/<int:number>/message/<int:step>/", recipients.message, name="message"),
    path("<uuid:id>/recipients/<int:number>/reveal/", recipients.reveal_, name="reveal"),
    path("<uuid:id>/unknowns/", recipients.settle, name="unknowns"),
    path("<uuid:id>/speed/", campaign_speed.speed, name="speed"),
    path("<uuid:id>/analytics/", campaign_analytics.analytics, name="analytics"),
    path("<uuid:id>/links/", campaign_analytics.switch_links, name="switch_links"),
    path("<uuid:id>/errors/", campaign_detail.errors, name="errors"),
    path("<uuid:id>/exports/", exports.exports, name="exports"),
    path("<uuid:id>/exports/new/", exports.create, name="export_new"),
    path("<uuid:id>/exports/now/", exports.now, name="exports_now"),
    path("<uuid:id>/exports/list/", exports.list_, name="exports_list"),
    path("<uuid:id>/exports/<uuid:export>/file/", exports.download, name="export_file"),
    path("<uuid:id>/exports/<uuid:export>/delete/", exports.delete, name="export_delete"),
    path("<uuid:id>/runs/", campaign_detail.runs, name="runs"),
    path("<uuid:id>/audit/", campaign_detail.audit, name="trail"),
    path("<uuid:id>/audit/note/", campaign_detail.note, name="note"),
]
