from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0005_from_where")]

    operations = [
        migrations.CreateModel(
            name="TrailEnd",
            fields=[
                ("trail", models.BigIntegerField(primary_key=True, serialize=False)),
                ("number", models.BigIntegerField()),
                ("hash", models.BinaryField(max_length=32)),
            ],
        ),
        # What is in a trail stays as it is. An account that is removed leaves its events without it, and a workspace
        # that is removed takes its own along, when its remover has said so in the same transaction.
        migrations.RunSQL(
            """
            create function workspaces_trail_is_final() returns trigger language plpgsql as $$
            begin
                if tg_op = 'UPDATE' then
                    if to_jsonb(new) - tg_argv[0] = to_jsonb(old) - tg_argv[0]
                        and to_jsonb(new) ->> tg_argv[0] is null
                    then
                        return new;
                    end if;
                elsif tg_op = 'DELETE' then
                    if to_jsonb(old) ->> 'workspace_id' = current_setting('clarion.removed_workspace', true) then
                        return old;
                    end if;
                end if;
                raise exception 'events of the audit trail are never changed'
                    using errcode = 'restrict_violation';
            end $$;
            create function workspaces_trail_goes_on() returns trigger language plpgsql as $$
            begin
                insert into workspaces_trailend (trail, number, hash)
                values (coalesce((to_jsonb(new) ->> 'workspace_id')::bigint, 0), new.number, new.hash)
                on conflict (trail) do update set number = excluded.number, hash = excluded.hash;
                return null;
            end $$;
            create trigger workspaces_trail_is_final before update or delete on workspaces_auditevent
            for each row execute function workspaces_trail_is_final('actor_id');
            create trigger workspaces_trail_is_kept before truncate on workspaces_auditevent
            for each statement execute function workspaces_trail_is_final();
            create trigger workspaces_trail_goes_on after insert on workspaces_auditevent
            for each row execute function workspaces_trail_goes_on();
            create trigger workspaces_trail_is_final before update or delete on workspaces_systemevent
            for each row execute function workspaces_trail_is_final('user_id');
            create trigger workspaces_trail_is_kept before truncate on workspaces_systemevent
            for each statement execute function workspaces_trail_is_final();
            create trigger workspaces_trail_goes_on after insert on workspaces_systemevent
            for each row execute function workspaces_trail_goes_on();
            """,
            """
            drop trigger workspaces_trail_is_final on workspaces_auditevent;
            drop trigger workspaces_trail_is_kept on workspaces_auditevent;
            drop trigger workspaces_trail_goes_on on workspaces_auditevent;
            drop trigger workspaces_trail_is_final on workspaces_systemevent;
            drop trigger workspaces_trail_is_kept on workspaces_systemevent;
            drop trigger workspaces_trail_goes_on on workspaces_systemevent;
            drop function workspaces_trail_is_final();
            drop function workspaces_trail_goes_on();
            """,
        ),
    ]
