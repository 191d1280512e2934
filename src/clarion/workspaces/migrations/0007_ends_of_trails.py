from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0006_trails_are_final")]

    operations = [
        # Trails of before end where they end now.
        migrations.RunSQL(
            """
            insert into workspaces_trailend (trail, number, hash)
            select distinct on (workspace_id) workspace_id, number, hash
            from workspaces_auditevent order by workspace_id, number desc
            on conflict (trail) do nothing;
            insert into workspaces_trailend (trail, number, hash)
            select 0, number, hash from workspaces_systemevent order by number desc limit 1
            on conflict (trail) do nothing;
            """,
            migrations.RunSQL.noop,
        ),
    ]
