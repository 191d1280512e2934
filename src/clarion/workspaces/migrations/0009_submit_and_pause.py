"""Submitting, and pausing, stopping and cancelling, are scopes of their own: tokens of before keep what they may."""

from django.db import migrations

_WIDEN = """
update workspaces_apitoken set scopes = array_append(scopes, '{new}')
where '{old}' = any(scopes) and '{new}' <> all(scopes)
"""
_NARROW = "update workspaces_apitoken set scopes = array_remove(scopes, '{new}')"
_PAIRS = (("edit", "submit"), ("launch", "pause"))


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0008_whose_events")]

    operations = [
        migrations.RunSQL(_WIDEN.format(old=old, new=new), _NARROW.format(new=new)) for old, new in _PAIRS
    ]
