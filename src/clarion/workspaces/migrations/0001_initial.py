import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Workspace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=40, unique=True)),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('zone', models.CharField(default='UTC', max_length=64, verbose_name='time zone')),
                ('locale', models.CharField(default='en', max_length=12)),
                ('default_country', models.CharField(blank=True, max_length=2)),
                ('campaigns_enabled', models.BooleanField(default=True)),
                ('halted_at', models.DateTimeField(blank=True, null=True)),
                ('is_demo', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('halt_reason', models.CharField(blank=True, max_length=500)),
                ('halted_by', models.CharField(blank=True, max_length=254)),
                ('moderation', models.BooleanField(default=False)),
                ('consent_channels', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), blank=True, db_default=[], default=list, size=None)),
                ('track_links', models.BooleanField(db_default=False, default=False)),
                ('track_opens', models.BooleanField(db_default=False, default=False)),
                ('has_balance', models.BooleanField(db_default=False, default=False)),
                ('campaigns_off_reason', models.CharField(blank=True, db_default='', max_length=500)),
                ('pii_policy', models.CharField(choices=[('SHOWN', 'Shown to whoever may see them'), ('ON_REQUEST', 'Masked, and shown one by one on request')], db_default='SHOWN', default='SHOWN', max_length=10)),
                ('retention_days', models.PositiveIntegerField(db_default=0, default=0)),
                ('windows', models.JSONField(blank=True, db_default=[], default=list)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('pii_policy__in', ['SHOWN', 'ON_REQUEST'])), name='workspace_pii_policy_known')],
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='e-mail')),
                ('name', models.CharField(blank=True, max_length=120, verbose_name='name')),
                ('is_superuser', models.BooleanField(default=False)),
                ('is_active', models.BooleanField(default=True)),
                ('language', models.CharField(blank=True, max_length=12)),
                ('theme', models.CharField(blank=True, max_length=5)),
                ('zone', models.CharField(blank=True, max_length=64)),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now)),
                ('list_columns', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), blank=True, default=list, size=None)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower('email'))), name='user_email_lower_case')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('VIEWER', 'Viewer'), ('AUTHOR', 'Author'), ('MODERATOR', 'Moderator'), ('ADMIN', 'Admin'), ('OWNER', 'Owner')], max_length=10)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='workspaces.workspace')),
                ('public_id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), default=uuid.uuid4, unique=True)),
                ('suspended_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'workspace'), name='membership_once'), models.CheckConstraint(condition=models.Q(('role__in', ['VIEWER', 'AUTHOR', 'MODERATOR', 'ADMIN', 'OWNER'])), name='membership_role_known')],
            },
        ),
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('actor_name', models.CharField(max_length=254)),
                ('via', models.CharField(max_length=8)),
                ('action', models.CharField(max_length=60)),
                ('object_kind', models.CharField(max_length=30)),
                ('object_id', models.CharField(max_length=64)),
                ('object_name', models.CharField(blank=True, max_length=200)),
                ('reason', models.TextField(blank=True)),
                ('changes', models.JSONField(default=dict)),
                ('hash', models.BinaryField(max_length=32)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='audit_events', to='workspaces.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', 'object_kind', 'object_id', '-number'], name='audit_by_object')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'number'), name='audit_number_once')],
            },
        ),
        migrations.CreateModel(
            name='AuditCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('checked_at', models.DateTimeField()),
                ('event_count', models.BigIntegerField(default=0)),
                ('broken_number', models.BigIntegerField(null=True)),
                ('whole_number', models.BigIntegerField(default=0)),
                ('whole_hash', models.BinaryField(default=bytes, max_length=32)),
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='audit_check', to='workspaces.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('email', models.EmailField(max_length=254)),
                ('role', models.CharField(choices=[('VIEWER', 'Viewer'), ('AUTHOR', 'Author'), ('MODERATOR', 'Moderator'), ('ADMIN', 'Admin'), ('OWNER', 'Owner')], max_length=10)),
                ('digest', models.BinaryField(max_length=32, unique=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='workspaces.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'email'), name='invitation_once'), models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower('email'))), name='invitation_email_lower_case'), models.CheckConstraint(condition=models.Q(('role__in', ['VIEWER', 'AUTHOR', 'MODERATOR', 'ADMIN', 'OWNER'])), name='invitation_role_known')],
            },
        ),
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(max_length=3)),
                ('balance', models.BigIntegerField(db_default=0, default=0)),
                ('reserved', models.BigIntegerField(db_default=0, default=0)),
                ('last_number', models.BigIntegerField(db_default=0, default=0)),
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='account', to='workspaces.workspace')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('reserved__gte', 0), ('balance__gte', models.F('reserved'))), name='account_never_overdrawn')],
            },
        ),
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('campaign_id', models.BigIntegerField(unique=True)),
                ('campaign_name', models.CharField(blank=True, max_length=200)),
                ('amount', models.BigIntegerField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='holds', to='workspaces.account')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='hold_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now)),
                ('kind', models.CharField(choices=[('TOP_UP', 'Top-up'), ('CORRECTION', 'Correction'), ('RESERVE', 'Reserved'), ('RELEASE', 'Released'), ('CHARGE', 'Charged'), ('REFUND', 'Refunded')], max_length=10)),
                ('balance_change', models.BigIntegerField()),
                ('reserved_change', models.BigIntegerField()),
                ('balance', models.BigIntegerField()),
                ('reserved', models.BigIntegerField()),
                ('campaign_id', models.BigIntegerField(null=True)),
                ('campaign_name', models.CharField(blank=True, db_default='', max_length=200)),
                ('run_id', models.BigIntegerField(null=True)),
                ('step', models.SmallIntegerField(null=True)),
                ('by', models.CharField(blank=True, db_default='system', max_length=254)),
                ('note', models.CharField(blank=True, db_default='', max_length=200)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='workspaces.account')),
            ],
            options={
                'indexes': [models.Index(fields=['account', 'campaign_id', 'number'], name='ledger_of_campaign')],
                'constraints': [models.UniqueConstraint(fields=('account', 'number'), name='ledger_number_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['TOP_UP', 'CORRECTION', 'RESERVE', 'RELEASE', 'CHARGE', 'REFUND'])), name='ledger_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('beginning', models.CharField(max_length=12)),
                ('digest', models.BinaryField(max_length=32, unique=True)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), size=None)),
                ('per_minute', models.IntegerField()),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('membership', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to='workspaces.membership')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('scopes__contains', ['view'])), name='api_token_sees'), models.CheckConstraint(condition=models.Q(('per_minute__gte', 1)), name='api_token_pace')],
            },
        ),
        # What is in the ledger stays as it is; only the whole account goes, with its workspace.
        migrations.RunSQL(
            """
            create function workspaces_ledger_is_final() returns trigger language plpgsql as $$
            begin
                raise exception 'entries of the ledger are never changed';
            end $$;
            create trigger workspaces_ledger_is_final before update on workspaces_ledgerentry
            for each row execute function workspaces_ledger_is_final();
            """,
            "drop trigger workspaces_ledger_is_final on workspaces_ledgerentry;"
            " drop function workspaces_ledger_is_final();",
        ),
    ]
