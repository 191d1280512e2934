import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.comparison
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('audience', '0001_initial'),
        ('content', '0001_initial'),
        ('senders', '0001_initial'),
        ('workspaces', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=160, verbose_name='name')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('tags', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                ('status', models.CharField(choices=[('DRAFT', 'Draft'), ('IN_REVIEW', 'In review'), ('READY', 'Ready'), ('SCHEDULED', 'Scheduled'), ('BUILDING', 'Building'), ('SENDING', 'Sending'), ('PAUSED', 'Paused'), ('STOPPED', 'Stopped'), ('COMPLETED', 'Completed'), ('CANCELLED', 'Cancelled'), ('FAILED', 'Failed'), ('EXPIRED', 'Expired')], default='DRAFT', max_length=9)),
                ('status_changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('pause_cause', models.CharField(blank=True, choices=[('PERSON', 'by a person'), ('WINDOW', 'outside its sending window'), ('LIMIT', 'a limit is reached'), ('ERRORS', 'too many errors'), ('BALANCE', 'the balance is used up'), ('SENDER', 'the sender was refused'), ('CONTENT', 'the provider refuses its message'), ('REVIEW', 'the rest waits for a second approval')], max_length=7)),
                ('status_reason', models.CharField(blank=True, max_length=500)),
                ('launch', models.CharField(choices=[('NOW', 'Now'), ('SCHEDULE', 'At a set time'), ('MANUAL', 'By hand'), ('RECURRING', 'Recurring'), ('SPREAD', 'Spread over days'), ('TRIGGER', 'Triggered')], default='NOW', max_length=9)),
                ('starts_at', models.DateTimeField(blank=True, null=True)),
                ('zone', models.CharField(default='UTC', max_length=64)),
                ('delay_min', models.FloatField(default=0)),
                ('delay_max', models.FloatField(default=0)),
                ('rate_limit', models.FloatField(blank=True, null=True)),
                ('weight', models.SmallIntegerField(default=1)),
                ('version', models.IntegerField(default=1)),
                ('is_demo', models.BooleanField(default=False)),
                ('archived_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='audience.source')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
                ('paused_from', models.CharField(blank=True, choices=[('DRAFT', 'Draft'), ('IN_REVIEW', 'In review'), ('READY', 'Ready'), ('SCHEDULED', 'Scheduled'), ('BUILDING', 'Building'), ('SENDING', 'Sending'), ('PAUSED', 'Paused'), ('STOPPED', 'Stopped'), ('COMPLETED', 'Completed'), ('CANCELLED', 'Cancelled'), ('FAILED', 'Failed'), ('EXPIRED', 'Expired')], max_length=9)),
                ('auto_start', models.BooleanField(default=True)),
                ('ends_at', models.DateTimeField(blank=True, null=True)),
                ('error_percent', models.SmallIntegerField(blank=True, null=True)),
                ('missed_at', models.DateTimeField(blank=True, null=True)),
                ('missed_hours', models.SmallIntegerField(default=1)),
                ('missed_policy', models.CharField(choices=[('LATE', 'Send late'), ('NEXT', 'Wait for the next window'), ('ASK', 'Ask')], default='ASK', max_length=4)),
                ('next_at', models.DateTimeField(blank=True, null=True)),
                ('occurrence', models.IntegerField(default=0)),
                ('only_new', models.BooleanField(default=False)),
                ('repeat_count', models.IntegerField(blank=True, null=True)),
                ('repeat_every', models.SmallIntegerField(default=0)),
                ('repeat_unit', models.CharField(blank=True, choices=[('MINUTE', 'minutes'), ('HOUR', 'hours'), ('DAY', 'days'), ('WEEK', 'weeks'), ('MONTH', 'months')], max_length=6)),
                ('repeat_until', models.DateField(blank=True, null=True)),
                ('resume_at', models.DateTimeField(blank=True, null=True)),
                ('status_by', models.CharField(blank=True, max_length=254)),
                ('window_is_recipients', models.BooleanField(default=False)),
                ('window_zone', models.CharField(blank=True, max_length=64)),
                ('windows', models.JSONField(blank=True, default=list)),
                ('approved_at', models.DateTimeField(blank=True, null=True)),
                ('purged_at', models.DateTimeField(blank=True, null=True)),
                ('receipt_wait', models.IntegerField(blank=True, null=True)),
                ('links_off_at', models.DateTimeField(blank=True, null=True)),
                ('track_links', models.BooleanField(blank=True, null=True)),
                ('track_opens', models.BooleanField(blank=True, null=True)),
                ('ignores_caps', models.BooleanField(default=False)),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', '-created_at', '-id'], name='campaign_newest'), models.Index(condition=models.Q(('status__in', ['SCHEDULED', 'BUILDING', 'SENDING', 'PAUSED'])), fields=['status', 'next_at'], name='campaign_working'), models.Index(condition=models.Q(('ends_at__isnull', False), ('status__in', ['READY', 'SCHEDULED', 'BUILDING', 'SENDING', 'PAUSED'])), fields=['ends_at'], name='campaign_ending'), models.Index(condition=models.Q(('missed_at__isnull', False)), fields=['workspace', 'missed_at'], name='campaign_missed'), models.Index(models.F('workspace'), django.db.models.functions.comparison.Coalesce('next_at', 'started_at', 'starts_at'), condition=models.Q(('archived_at', None), models.Q(('status', 'DRAFT'), _negated=True)), name='campaign_by_launch'), models.Index(condition=models.Q(('archived_at', None), ('launch__in', ['RECURRING', 'SPREAD', 'TRIGGER'])), fields=['workspace', 'launch', 'starts_at'], name='campaign_lasting')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['DRAFT', 'IN_REVIEW', 'READY', 'SCHEDULED', 'BUILDING', 'SENDING', 'PAUSED', 'STOPPED', 'COMPLETED', 'CANCELLED', 'FAILED', 'EXPIRED'])), name='campaign_status_known'), models.CheckConstraint(condition=models.Q(('status', 'PAUSED'), ('pause_cause', ''), _connector='XOR'), name='campaign_pause_told'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'FAILED'), _negated=True), models.Q(('status_reason', ''), _negated=True), _connector='OR'), name='campaign_failure_told'), models.CheckConstraint(condition=models.Q(('status__in', ['CANCELLED', 'COMPLETED', 'EXPIRED', 'FAILED', 'STOPPED']), ('finished_at__isnull', True), _connector='XOR'), name='campaign_end_has_time'), models.CheckConstraint(condition=models.Q(('delay_min__gte', 0), ('delay_max__gte', models.F('delay_min')), ('delay_max__lte', 3600)), name='campaign_delay_range'), models.CheckConstraint(condition=models.Q(('weight__range', (1, 100))), name='campaign_weight_range'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'SCHEDULED'), _negated=True), ('next_at__isnull', False), _connector='OR'), name='campaign_schedule_has_time'), models.CheckConstraint(condition=models.Q(('status__in', ['SCHEDULED', 'PAUSED']), models.Q(('missed_at', None), ('next_at', None)), _connector='OR'), name='campaign_next_is_awaited'), models.CheckConstraint(condition=models.Q(('status', 'PAUSED'), ('resume_at', None), _connector='OR'), name='campaign_resumes_from_pause'), models.CheckConstraint(condition=models.Q(('ends_at', None), ('starts_at', None), ('ends_at__gt', models.F('starts_at')), _connector='OR'), name='campaign_ends_after_start'), models.CheckConstraint(condition=models.Q(models.Q(('repeat_every', 0), ('repeat_unit', '')), models.Q(('repeat_every__range', (1, 1000)), ('repeat_unit__in', ['MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH'])), _connector='OR'), name='campaign_repeat_told'), models.CheckConstraint(condition=models.Q(('repeat_count', None), ('repeat_until', None), _connector='OR'), name='campaign_repeat_one_end'), models.CheckConstraint(condition=models.Q(('error_percent', None), ('error_percent__range', (1, 100)), _connector='OR'), name='campaign_error_percent_range'), models.CheckConstraint(condition=models.Q(('purged_at', None), ('archived_at__isnull', False), _connector='OR'), name='campaign_purged_was_archived'), models.CheckConstraint(condition=models.Q(('receipt_wait', None), ('receipt_wait__range', (1, 10080)), _connector='OR'), name='campaign_receipt_wait_range')],
            },
        ),
        migrations.CreateModel(
            name='Step',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.SmallIntegerField(default=0)),
                ('tier', models.SmallIntegerField(default=0)),
                ('channel', models.CharField(max_length=12)),
                ('body_source', models.JSONField(blank=True, default=dict)),
                ('body_content', models.JSONField(blank=True, default=dict)),
                ('body_variables', models.JSONField(blank=True, default=list)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='campaigns.campaign')),
                ('sender', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='senders.sender')),
                ('template_version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='content.templateversion')),
            ],
            options={
                'ordering': ['campaign_id', 'position'],
                'constraints': [models.UniqueConstraint(fields=('campaign', 'position'), name='step_position_once'), models.CheckConstraint(condition=models.Q(('position__range', (0, 15))), name='step_position_range'), models.CheckConstraint(condition=models.Q(('tier__range', (0, 15))), name='step_tier_range')],
            },
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.IntegerField()),
                ('snapshot', models.JSONField(default=dict)),
                ('digest', models.CharField(max_length=64)),
                ('note', models.TextField(blank=True)),
                ('submitted_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('decision', models.CharField(blank=True, choices=[('APPROVED', 'Approved'), ('REJECTED', 'Rejected'), ('WITHDRAWN', 'Withdrawn'), ('VOIDED', 'Voided by a change')], max_length=9)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('reason', models.TextField(blank=True)),
                ('canary_percent', models.SmallIntegerField(blank=True, null=True)),
                ('released_at', models.DateTimeField(blank=True, null=True)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reviews', to='campaigns.campaign')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('released_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('submitted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('decision', '')), fields=['submitted_at'], name='review_oldest_open')],
                'constraints': [models.UniqueConstraint(fields=('campaign', 'number'), name='review_number_once'), models.UniqueConstraint(condition=models.Q(('decision', '')), fields=('campaign',), name='review_open_once'), models.CheckConstraint(condition=models.Q(('decision', ''), ('decided_at__isnull', False), _connector='XOR'), name='review_decision_has_time'), models.CheckConstraint(condition=models.Q(models.Q(('decision', 'REJECTED'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='review_rejection_told'), models.CheckConstraint(condition=models.Q(('canary_percent', None), ('canary_percent__range', (1, 99)), _connector='OR'), name='review_canary_range')],
            },
        ),
    ]
