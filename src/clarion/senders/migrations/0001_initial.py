import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('workspaces', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Sender',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('channel', models.CharField(max_length=12)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('config', models.JSONField(default=dict)),
                ('sealed', models.BinaryField(blank=True, default=b'')),
                ('status', models.CharField(choices=[('ACTIVE', 'Active'), ('PAUSED', 'Paused'), ('BLOCKED', 'Blocked')], default='ACTIVE', max_length=8)),
                ('status_reason', models.CharField(blank=True, max_length=500)),
                ('status_changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('limit_second', models.FloatField(blank=True, null=True)),
                ('limit_minute', models.IntegerField(blank=True, null=True)),
                ('limit_hour', models.IntegerField(blank=True, null=True)),
                ('limit_day', models.IntegerField(blank=True, null=True)),
                ('lanes', models.SmallIntegerField(default=1)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'name'), name='sender_name_once'), models.CheckConstraint(condition=models.Q(('status__in', ['ACTIVE', 'PAUSED', 'BLOCKED'])), name='sender_status_known'), models.CheckConstraint(condition=models.Q(('lanes__range', (1, 32))), name='sender_lanes_range'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'BLOCKED'), _negated=True), models.Q(('status_reason', ''), _negated=True), _connector='OR'), name='sender_block_told')],
            },
        ),
        migrations.CreateModel(
            name='SenderLane',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('lane', models.SmallIntegerField()),
                ('limits', models.JSONField(default=dict)),
                ('open_until', models.DateTimeField(null=True)),
                ('open_reason', models.SmallIntegerField(null=True)),
                ('open_detail', models.CharField(blank=True, max_length=200)),
                ('worker_id', models.BigIntegerField(null=True)),
                ('rate', models.FloatField(default=0)),
                ('saved_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('sender', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lane_states', to='senders.sender')),
                ('lanes', models.SmallIntegerField(default=1)),
                ('reserved', models.IntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('sender', 'lane'), name='sender_lane_once')],
            },
        ),
        migrations.CreateModel(
            name='Exchange',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('is_ours', models.BooleanField()),
                ('what', models.CharField(max_length=200)),
                ('request', models.TextField(blank=True)),
                ('answer', models.TextField(blank=True)),
                ('status', models.CharField(blank=True, max_length=60)),
                ('code', models.CharField(blank=True, max_length=40)),
                ('failed', models.BooleanField()),
                ('milliseconds', models.IntegerField(default=0)),
                ('sender', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='senders.sender')),
            ],
            options={
                'indexes': [models.Index(fields=['sender', 'failed', '-id'], name='exchange_newest')],
            },
        ),
        migrations.CreateModel(
            name='Price',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(max_length=12)),
                ('prefix', models.CharField(blank=True, max_length=15, verbose_name='prefix')),
                ('amount', models.BigIntegerField(validators=[django.core.validators.MinValueValidator(0)])),
                ('period', models.SmallIntegerField(default=0)),
                ('refunds', models.BooleanField(default=False)),
                ('sender', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to='senders.sender')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='prices', to='workspaces.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'channel', 'sender', 'prefix'), name='price_once', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('amount__gte', 0), ('period__gte', 0)), name='price_not_negative'), models.CheckConstraint(condition=models.Q(('prefix__regex', '^\\d*$')), name='price_prefix_digits')],
            },
        ),
        migrations.CreateModel(
            name='ProviderState',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('per_day', models.IntegerField(null=True)),
                ('quality', models.CharField(blank=True, max_length=40)),
                ('synced_at', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, max_length=500)),
                ('sender', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='provider_state', to='senders.sender')),
            ],
        ),
        migrations.CreateModel(
            name='ProviderTemplate',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('provider_id', models.CharField(blank=True, max_length=40)),
                ('name', models.CharField(max_length=512)),
                ('language', models.CharField(max_length=20)),
                ('status', models.CharField(max_length=40)),
                ('category', models.CharField(blank=True, max_length=40)),
                ('quality', models.CharField(blank=True, max_length=40)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('shape', models.JSONField(default=dict)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('status_at', models.DateTimeField()),
                ('sender', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='provider_templates', to='senders.sender')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('sender', 'name', 'language'), name='provider_template_once')],
            },
        ),
    ]
