import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from clarion.deliveries import partitions


# The big tables are partitioned by run, with short rows, keys that begin with the run, and no foreign keys.
# docs/adr/0005 has the measurements behind them. `addresses` and `address` are null in every run of one step. No
# predicate names a column that changes later: updates in place (heap-only) stay possible for all rows.
BIG_TABLES = """
create table deliveries_recipient (
    run_id bigint not null,
    id bigint not null,
    contact_id bigint,
    address text not null,
    variables jsonb not null,
    stage smallint not null default 0,
    skip smallint,
    addresses jsonb,
    constraint recipient_pk primary key (run_id, id),
    constraint recipient_skip_told check ((stage = 6) = (skip is not null))
) partition by range (run_id);
create index recipient_by_address on deliveries_recipient (run_id, address);
create index recipient_by_skip on deliveries_recipient (run_id, skip, id) where skip is not null;
create index recipient_by_contact on deliveries_recipient (contact_id) where contact_id is not null;

create table deliveries_delivery (
    run_id bigint not null,
    id bigint not null,
    claim_id bigint,
    claimed_at timestamptz,
    ended_at timestamptz,
    result_at timestamptz,
    stage smallint not null default 0,
    problem smallint,
    attempts smallint not null default 0,
    reason smallint,
    result smallint,
    code text,
    provider_id text,
    address text,
    cost bigint,
    constraint delivery_pk primary key (run_id, id),
    constraint delivery_problem_told check (problem is null or problem = stage),
    constraint delivery_flight_claimed check (stage <> 1 or claim_id is not null)
) partition by range (run_id);
create index delivery_by_problem on deliveries_delivery (run_id, problem, id) where problem is not null;
create index delivery_by_result on deliveries_delivery (run_id, result, id) where result is not null;
create unique index delivery_once_per_address on deliveries_delivery (run_id, address, (id & 15))
    where address is not null;

create table deliveries_attempt (
    run_id bigint not null,
    delivery_id bigint not null,
    number smallint not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    stage smallint not null,
    reason smallint not null,
    code text not null default '',
    detail text not null default '',
    constraint attempt_pk primary key (run_id, delivery_id, number)
) partition by range (run_id);

create table deliveries_receipt (
    run_id bigint not null,
    delivery_id bigint not null,
    event_key text not null,
    result smallint not null,
    at timestamptz not null,
    code text not null default '',
    detail text not null default '',
    constraint receipt_pk primary key (run_id, delivery_id, event_key)
) partition by range (run_id);
"""

DROP_BIG_TABLES = """
drop table deliveries_receipt, deliveries_attempt, deliveries_delivery, deliveries_recipient;
"""


def first_partitions(apps, schema_editor):
    for statement in partitions.create_statements(0):
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('campaigns', '0001_initial'),
        ('senders', '0001_initial'),
        ('workspaces', '0001_initial'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(BIG_TABLES, DROP_BIG_TABLES)],
            state_operations=[
                migrations.CreateModel(
                    name='Attempt',
                    fields=[
                        ('pk', models.CompositePrimaryKey('run_id', 'delivery_id', 'number', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('run_id', models.BigIntegerField()),
                        ('delivery_id', models.BigIntegerField()),
                        ('number', models.SmallIntegerField()),
                        ('started_at', models.DateTimeField()),
                        ('ended_at', models.DateTimeField()),
                        ('stage', models.SmallIntegerField(choices=[(0, 'Pending'), (1, 'In flight'), (2, 'Sent'), (3, 'Partly sent'), (4, 'Failed'), (5, 'Unknown'), (6, 'Skipped'), (7, 'Cancelled'), (8, 'Expired')])),
                        ('reason', models.SmallIntegerField()),
                        ('code', models.CharField(blank=True, max_length=20)),
                        ('detail', models.CharField(blank=True, max_length=200)),
                    ],
                ),
                migrations.CreateModel(
                    name='Delivery',
                    fields=[
                        ('pk', models.CompositePrimaryKey('run_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('run_id', models.BigIntegerField()),
                        ('id', models.BigIntegerField()),
                        ('stage', models.SmallIntegerField(choices=[(0, 'Pending'), (1, 'In flight'), (2, 'Sent'), (3, 'Partly sent'), (4, 'Failed'), (5, 'Unknown'), (6, 'Skipped'), (7, 'Cancelled'), (8, 'Expired')], default=0)),
                        ('problem', models.SmallIntegerField(choices=[(0, 'Pending'), (1, 'In flight'), (2, 'Sent'), (3, 'Partly sent'), (4, 'Failed'), (5, 'Unknown'), (6, 'Skipped'), (7, 'Cancelled'), (8, 'Expired')], null=True)),
                        ('attempts', models.SmallIntegerField(default=0)),
                        ('claim_id', models.BigIntegerField(null=True)),
                        ('claimed_at', models.DateTimeField(null=True)),
                        ('ended_at', models.DateTimeField(null=True)),
                        ('reason', models.SmallIntegerField(null=True)),
                        ('code', models.CharField(max_length=20, null=True)),
                        ('provider_id', models.CharField(max_length=120, null=True)),
                        ('result', models.SmallIntegerField(null=True)),
                        ('result_at', models.DateTimeField(null=True)),
                        ('address', models.CharField(max_length=320, null=True)),
                        ('cost', models.BigIntegerField(null=True)),
                    ],
                ),
                migrations.CreateModel(
                    name='Receipt',
                    fields=[
                        ('pk', models.CompositePrimaryKey('run_id', 'delivery_id', 'event_key', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('run_id', models.BigIntegerField()),
                        ('delivery_id', models.BigIntegerField()),
                        ('event_key', models.CharField(max_length=64)),
                        ('result', models.SmallIntegerField()),
                        ('at', models.DateTimeField()),
                        ('code', models.CharField(blank=True, max_length=20)),
                        ('detail', models.CharField(blank=True, max_length=200)),
                    ],
                ),
                migrations.CreateModel(
                    name='Recipient',
                    fields=[
                        ('pk', models.CompositePrimaryKey('run_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('run_id', models.BigIntegerField()),
                        ('id', models.BigIntegerField()),
                        ('contact_id', models.BigIntegerField(null=True)),
                        ('address', models.CharField(max_length=900)),
                        ('variables', models.JSONField()),
                        ('stage', models.SmallIntegerField(choices=[(0, 'Pending'), (1, 'In flight'), (2, 'Sent'), (3, 'Partly sent'), (4, 'Failed'), (5, 'Unknown'), (6, 'Skipped'), (7, 'Cancelled'), (8, 'Expired')], default=0)),
                        ('skip', models.SmallIntegerField(choices=[(1, 'No address'), (2, 'Invalid address'), (3, 'Duplicate'), (4, 'Suppressed'), (5, 'Do not contact'), (6, 'Frequency cap'), (7, 'Excluded'), (8, 'No longer in the audience'), (9, 'No consent')], null=True)),
                        ('addresses', models.JSONField(null=True)),
                    ],
                ),
            ],
        ),
        migrations.CreateModel(
            name='Activity',
            fields=[
                ('pk', models.CompositePrimaryKey('run_id', 'step', 'minute', 'stage', blank=True, editable=False, primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('step', models.SmallIntegerField()),
                ('minute', models.DateTimeField()),
                ('stage', models.SmallIntegerField(choices=[(0, 'Pending'), (1, 'In flight'), (2, 'Sent'), (3, 'Partly sent'), (4, 'Failed'), (5, 'Unknown'), (6, 'Skipped'), (7, 'Cancelled'), (8, 'Expired')])),
                ('count', models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Worker',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=64, unique=True)),
                ('host', models.CharField(max_length=120)),
                ('pid', models.IntegerField()),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('heartbeat_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ended_at', models.DateTimeField(null=True)),
                ('version', models.CharField(blank=True, max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('worker_id', models.BigIntegerField()),
                ('run_id', models.BigIntegerField()),
                ('step', models.SmallIntegerField()),
                ('first_id', models.BigIntegerField()),
                ('last_id', models.BigIntegerField()),
                ('claimed_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['worker_id'], name='claim_of_worker'), models.Index(fields=['run_id'], name='claim_of_run')],
            },
        ),
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.IntegerField()),
                ('plan', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('built_count', models.IntegerField(default=0)),
                ('source_count', models.IntegerField(default=0)),
                ('build_cursor', models.BigIntegerField(default=0)),
                ('last_recipient_id', models.BigIntegerField(default=0)),
                ('waterfall', models.JSONField(default=dict)),
                ('built_at', models.DateTimeField(null=True)),
                ('first_sent_at', models.DateTimeField(null=True)),
                ('last_sent_at', models.DateTimeField(null=True)),
                ('closing_stage', models.SmallIntegerField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('total', models.IntegerField(default=0)),
                ('pending', models.IntegerField(default=0)),
                ('in_flight', models.IntegerField(default=0)),
                ('sent', models.IntegerField(default=0)),
                ('partly', models.IntegerField(default=0)),
                ('failed', models.IntegerField(default=0)),
                ('skipped', models.IntegerField(default=0)),
                ('cancelled', models.IntegerField(default=0)),
                ('expired', models.IntegerField(default=0)),
                ('unknown', models.IntegerField(default=0)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='campaigns.campaign')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
                ('difference', models.JSONField(default=dict)),
                ('released_id', models.BigIntegerField(null=True)),
                ('released_on', models.DateField(null=True)),
                ('is_cascade', models.BooleanField(default=False)),
                ('receipt_wait', models.IntegerField(null=True)),
                ('folded_at', models.DateTimeField(null=True)),
                ('folded_to', models.BigIntegerField(db_default=0, default=0)),
                ('counted_id', models.BigIntegerField(default=0)),
                ('forgotten_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', '-id'], name='run_newest'), models.Index(fields=['campaign', '-number'], name='run_of_campaign'), models.Index(condition=models.Q(('finished_at', None)), fields=['id'], name='run_open'), models.Index(fields=['workspace', 'created_at'], name='run_by_time'), models.Index(condition=models.Q(('unknown__gt', 0)), fields=['workspace', '-id'], name='run_unsettled'), models.Index(condition=models.Q(('finished_at__isnull', False), models.Q(('folded_at', None), ('finished_at__gt', models.F('folded_at')), _connector='OR')), fields=['id'], name='run_unfolded')],
                'constraints': [models.UniqueConstraint(fields=('campaign', 'number'), name='run_number_once'), models.CheckConstraint(condition=models.Q(('total', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('pending'), '+', models.F('in_flight')), '+', models.F('sent')), '+', models.F('partly')), '+', models.F('failed')), '+', models.F('skipped')), '+', models.F('cancelled')), '+', models.F('expired')), '+', models.F('unknown')))), name='run_conservation'), models.CheckConstraint(condition=models.Q(('cancelled__gte', 0), ('expired__gte', 0), ('failed__gte', 0), ('in_flight__gte', 0), ('partly__gte', 0), ('pending__gte', 0), ('sent__gte', 0), ('skipped__gte', 0), ('unknown__gte', 0)), name='run_counts_not_negative'), models.CheckConstraint(condition=models.Q(('finished_at', None), models.Q(('built_at__isnull', False), ('in_flight', 0), ('pending', 0)), _connector='OR'), name='run_finished_is_settled')],
            },
        ),
        migrations.CreateModel(
            name='RunProblem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.SmallIntegerField()),
                ('stage', models.SmallIntegerField(choices=[(0, 'Pending'), (1, 'In flight'), (2, 'Sent'), (3, 'Partly sent'), (4, 'Failed'), (5, 'Unknown'), (6, 'Skipped'), (7, 'Cancelled'), (8, 'Expired')], verbose_name='stage')),
                ('reason', models.SmallIntegerField()),
                ('code', models.CharField(blank=True, max_length=20)),
                ('count', models.IntegerField(default=0)),
                ('sample', models.CharField(blank=True, max_length=200)),
                ('last_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='problems', to='deliveries.run')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('run', 'step', 'stage', 'reason', 'code'), name='run_problem_once')],
            },
        ),
        migrations.CreateModel(
            name='RunStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.SmallIntegerField()),
                ('tier', models.SmallIntegerField(default=0)),
                ('channel', models.CharField(max_length=12)),
                ('sender_id', models.BigIntegerField()),
                ('content', models.JSONField(default=dict)),
                ('cursor', models.BigIntegerField(default=0)),
                ('handed', models.IntegerField(default=0)),
                ('accepted', models.IntegerField(default=0)),
                ('failed', models.IntegerField(default=0)),
                ('unknown', models.IntegerField(default=0)),
                ('deferred', models.IntegerField(default=0)),
                ('delivered', models.IntegerField(default=0)),
                ('read', models.IntegerField(default=0)),
                ('clicked', models.IntegerField(default=0)),
                ('replied', models.IntegerField(default=0)),
                ('bounced', models.IntegerField(default=0)),
                ('complained', models.IntegerField(default=0)),
                ('unsubscribed', models.IntegerField(default=0)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='deliveries.run')),
                ('dropped', models.IntegerField(default=0)),
                ('is_reporting', models.BooleanField(default=False)),
                ('left_out', models.IntegerField(default=0)),
                ('made', models.IntegerField(default=0)),
                ('booked', models.BigIntegerField(db_default=0, default=0)),
                ('booked_at', models.DateTimeField(null=True)),
                ('charged', models.BigIntegerField(db_default=0, default=0)),
                ('held', models.BigIntegerField(db_default=0, default=0)),
                ('is_booked', models.BooleanField(db_default=True, default=True)),
                ('refunded', models.BigIntegerField(db_default=0, default=0)),
                ('refunds_booked', models.BigIntegerField(db_default=0, default=0)),
                ('reserved', models.BigIntegerField(db_default=0, default=0)),
                ('starved', models.BigIntegerField(null=True)),
                ('tariff', models.JSONField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['sender_id', 'run'], name='run_step_of_sender'), models.Index(condition=models.Q(('is_booked', False)), fields=['run'], name='run_step_unbooked')],
                'constraints': [models.UniqueConstraint(fields=('run', 'step'), name='run_step_once'), models.CheckConstraint(condition=models.Q(('booked__lte', models.F('charged')), ('held__gte', 0), ('refunded__gte', 0), ('refunded__lte', models.F('charged')), ('reserved__gte', django.db.models.expressions.CombinedExpression(models.F('charged'), '+', models.F('held')))), name='run_step_never_overdrawn')],
            },
        ),
        migrations.CreateModel(
            name='Waiting',
            fields=[
                ('pk', models.CompositePrimaryKey('run_id', 'delivery_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('delivery_id', models.BigIntegerField()),
                ('step', models.SmallIntegerField()),
                ('not_before', models.DateTimeField()),
                ('reason', models.SmallIntegerField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['run_id', 'step', 'not_before'], name='waiting_due')],
            },
        ),
        migrations.CreateModel(
            name='Push',
            fields=[
                ('pk', models.CompositePrimaryKey('run_id', 'key', blank=True, editable=False, primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('key', models.CharField(max_length=100)),
                ('recipient_id', models.BigIntegerField()),
                ('pushed_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Export',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('format', models.CharField(choices=[('CSV', 'CSV'), ('TXT', 'TXT'), ('XLSX', 'XLSX')], max_length=4)),
                ('wanted', models.JSONField(default=dict)),
                ('is_masked', models.BooleanField(default=True)),
                ('status', models.CharField(choices=[('QUEUED', 'Queued'), ('RUNNING', 'Running'), ('DONE', 'Done'), ('FAILED', 'Failed'), ('EXPIRED', 'Expired')], default='QUEUED', max_length=7)),
                ('done_count', models.IntegerField(default=0)),
                ('total_count', models.IntegerField(default=0)),
                ('file_path', models.CharField(blank=True, max_length=500)),
                ('file_bytes', models.BigIntegerField(default=0)),
                ('failure', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='exports', to='deliveries.run')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
                ('has_bom', models.BooleanField(default=True)),
            ],
            options={
                'indexes': [models.Index(fields=['run', '-id'], name='export_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['QUEUED', 'RUNNING', 'DONE', 'FAILED', 'EXPIRED'])), name='export_status_known'), models.CheckConstraint(condition=models.Q(('status', 'FAILED'), ('failure', ''), _connector='XOR'), name='export_failure_told')],
            },
        ),
        migrations.CreateModel(
            name='Outage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('lane', models.SmallIntegerField()),
                ('run_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('began_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('seen_at', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('openings', models.IntegerField(default=1)),
                ('reason', models.SmallIntegerField()),
                ('detail', models.CharField(blank=True, max_length=200)),
                ('sender', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='senders.sender')),
            ],
            options={
                'indexes': [models.Index(fields=['sender', '-began_at'], name='outage_newest')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('sender', 'lane'), name='outage_open_once')],
            },
        ),
        migrations.CreateModel(
            name='Look',
            fields=[
                ('pk', models.CompositePrimaryKey('run_id', 'recipient_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('recipient_id', models.BigIntegerField()),
                ('look_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['run_id', 'look_at'], name='look_due')],
            },
        ),
        migrations.CreateModel(
            name='Hit',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('delivery_id', models.BigIntegerField()),
                ('link', models.SmallIntegerField()),
                ('at', models.DateTimeField()),
                ('marks', models.SmallIntegerField(default=0)),
            ],
            options={
                'indexes': [models.Index(fields=['run_id', 'at'], name='hit_of_run')],
            },
        ),
        migrations.CreateModel(
            name='Link',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.SmallIntegerField()),
                ('number', models.SmallIntegerField()),
                ('target', models.TextField()),
                ('people', models.IntegerField(default=0)),
                ('clicks', models.IntegerField(default=0)),
                ('machine_clicks', models.IntegerField(default=0)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to='deliveries.run')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('run', 'step', 'number'), name='link_once')],
            },
        ),
        migrations.CreateModel(
            name='TrackedQuarter',
            fields=[
                ('pk', models.CompositePrimaryKey('run_id', 'step', 'quarter', blank=True, editable=False, primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('step', models.SmallIntegerField()),
                ('quarter', models.DateTimeField()),
                ('opens', models.IntegerField(default=0)),
                ('clicks', models.IntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Tracking',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.SmallIntegerField()),
                ('follows_links', models.BooleanField(default=False)),
                ('follows_opens', models.BooleanField(default=False)),
                ('opens', models.IntegerField(default=0)),
                ('clicks', models.IntegerField(default=0)),
                ('machine_opens', models.IntegerField(default=0)),
                ('machine_clicks', models.IntegerField(default=0)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tracked', to='deliveries.run')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('run', 'step'), name='tracking_once')],
            },
        ),
        migrations.CreateModel(
            name='Contacted',
            fields=[
                ('pk', models.CompositePrimaryKey('run_id', 'delivery_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('delivery_id', models.BigIntegerField()),
                ('workspace_id', models.BigIntegerField()),
                ('who', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('channel', models.CharField(max_length=12)),
            ],
            options={
                'indexes': [models.Index(fields=['who', 'at'], include=('channel', 'run_id'), name='contacted_who')],
            },
        ),
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(max_length=12)),
                ('sender_id', models.BigIntegerField()),
                ('address', models.CharField(max_length=320)),
                ('text', models.CharField(blank=True, max_length=1000)),
                ('meaning', models.CharField(max_length=5)),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('event_key', models.CharField(max_length=64)),
                ('run_id', models.BigIntegerField(null=True)),
                ('delivery_id', models.BigIntegerField(null=True)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', '-id'], name='answer_newest'), models.Index(fields=['workspace', 'address', '-id'], name='answer_of_address')],
                'constraints': [models.UniqueConstraint(fields=('sender_id', 'event_key'), name='answer_event_once'), models.CheckConstraint(condition=models.Q(('meaning__in', ['STOP', 'START', 'HELP', 'NONE'])), name='answer_meaning_known'), models.CheckConstraint(condition=models.Q(models.Q(('delivery_id', None), ('run_id', None)), models.Q(('delivery_id__isnull', False), ('run_id__isnull', False)), _connector='OR'), name='answer_message_whole')],
            },
        ),
        migrations.CreateModel(
            name='InboxEvent',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('sender_id', models.BigIntegerField()),
                ('received_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('event', models.TextField()),
            ],
            options={
                'db_table': 'deliveries_inbox',
            },
        ),
        migrations.CreateModel(
            name='ProviderMessage',
            fields=[
                ('pk', models.CompositePrimaryKey('sender_id', 'provider_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('sender_id', models.BigIntegerField()),
                ('provider_id', models.CharField(max_length=120)),
                ('run_id', models.BigIntegerField()),
                ('delivery_id', models.BigIntegerField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'db_table': 'deliveries_providermessage',
                'indexes': [django.contrib.postgres.indexes.BrinIndex(fields=['at'], name='providermessage_by_time')],
            },
        ),
        migrations.CreateModel(
            name='ReplyPart',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('address', models.CharField(max_length=320)),
                ('to', models.CharField(blank=True, max_length=320)),
                ('reference', models.IntegerField()),
                ('number', models.SmallIntegerField()),
                ('count', models.SmallIntegerField()),
                ('text', models.TextField(blank=True)),
                ('received_at', models.DateTimeField()),
                ('sender', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='senders.sender')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('sender', 'address', 'reference', 'count', 'number'), name='reply_part_once')],
            },
        ),
        migrations.CreateModel(
            name='StrayEvent',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('received_at', models.DateTimeField()),
                ('why', models.CharField(choices=[('UNMATCHED', 'No such message'), ('UNKNOWN', 'Not understood')], max_length=9)),
                ('event', models.TextField()),
                ('tries', models.SmallIntegerField(default=0)),
                ('due_at', models.DateTimeField(null=True)),
                ('sender', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='senders.sender')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='stray_due'), models.Index(condition=models.Q(('due_at', None)), fields=['sender', '-id'], name='stray_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('why__in', ['UNMATCHED', 'UNKNOWN'])), name='stray_why_known')],
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('pk', models.CompositePrimaryKey('run_id', 'delivery_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('delivery_id', models.BigIntegerField()),
                ('amount', models.BigIntegerField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        # A queue: all of it is dead every second, so it is swept by the number of dead rows alone.
        migrations.RunSQL(
            "alter table deliveries_inbox set (autovacuum_vacuum_scale_factor = 0,"
            " autovacuum_vacuum_threshold = 20000, autovacuum_analyze_threshold = 1000000)",
            migrations.RunSQL.noop,
        ),
        migrations.RunPython(first_partitions, migrations.RunPython.noop),
    ]
