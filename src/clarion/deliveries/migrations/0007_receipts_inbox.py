import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deliveries', '0006_skip_removed'),
        ('senders', '0002_lane_reserved'),
        ('workspaces', '0004_list_columns'),
    ]

    operations = [
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
            name='Reply',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('event_key', models.CharField(max_length=64)),
                ('address', models.CharField(max_length=320)),
                ('text', models.TextField(blank=True)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('run_id', models.BigIntegerField(null=True)),
                ('delivery_id', models.BigIntegerField(null=True)),
                ('is_handled', models.BooleanField(default=False)),
                ('sender', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='senders.sender')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
            ],
            options={
                'verbose_name_plural': 'replies',
                'indexes': [models.Index(fields=['workspace', '-id'], name='reply_newest'), models.Index(fields=['workspace', 'address', '-id'], name='reply_of_address'), models.Index(condition=models.Q(('is_handled', False)), fields=['id'], name='reply_unhandled')],
                'constraints': [models.UniqueConstraint(fields=('sender', 'event_key'), name='reply_once')],
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
        # A queue: all of it is dead every second, so it is swept by the number of dead rows alone.
        migrations.RunSQL(
            "alter table deliveries_inbox set (autovacuum_vacuum_scale_factor = 0,"
            " autovacuum_vacuum_threshold = 20000, autovacuum_analyze_threshold = 1000000)",
            migrations.RunSQL.noop,
        ),
    ]
