

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audience', '0001_initial'),
        ('campaigns', '0002_paused_from'),
        ('workspaces', '0002_halt_and_moderation'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
            ],
        ),
        migrations.RemoveConstraint(
            model_name='campaign',
            name='campaign_schedule_has_time',
        ),
        migrations.RemoveIndex(
            model_name='campaign',
            name='campaign_working',
        ),
        migrations.AddField(
            model_name='campaign',
            name='auto_start',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='campaign',
            name='ends_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='campaign',
            name='error_percent',
            field=models.SmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='campaign',
            name='missed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='campaign',
            name='missed_hours',
            field=models.SmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='campaign',
            name='missed_policy',
            field=models.CharField(choices=[('LATE', 'Send late'), ('NEXT', 'Wait for the next window'), ('ASK', 'Ask')], default='ASK', max_length=4),
        ),
        migrations.AddField(
            model_name='campaign',
            name='next_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='campaign',
            name='occurrence',
            field=models.IntegerField(default=0),
        ),
        migrations.AddField(
            model_name='campaign',
            name='only_new',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='campaign',
            name='repeat_count',
            field=models.IntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='campaign',
            name='repeat_every',
            field=models.SmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='campaign',
            name='repeat_unit',
            field=models.CharField(blank=True, choices=[('MINUTE', 'minutes'), ('HOUR', 'hours'), ('DAY', 'days'), ('WEEK', 'weeks'), ('MONTH', 'months')], max_length=6),
        ),
        migrations.AddField(
            model_name='campaign',
            name='repeat_until',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='campaign',
            name='resume_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='campaign',
            name='status_by',
            field=models.CharField(blank=True, max_length=254),
        ),
        migrations.AddField(
            model_name='campaign',
            name='window_is_recipients',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='campaign',
            name='window_zone',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='campaign',
            name='windows',
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AlterField(
            model_name='campaign',
            name='launch',
            field=models.CharField(choices=[('NOW', 'Now'), ('SCHEDULE', 'At a set time'), ('MANUAL', 'By hand'), ('RECURRING', 'Recurring'), ('SPREAD', 'Spread over days'), ('TRIGGER', 'Triggered')], default='NOW', max_length=9),
        ),
        migrations.AlterField(
            model_name='campaign',
            name='pause_cause',
            field=models.CharField(blank=True, choices=[('PERSON', 'by a person'), ('WINDOW', 'outside its sending window'), ('LIMIT', 'a limit is reached'), ('ERRORS', 'too many errors'), ('BALANCE', 'the balance is used up'), ('SENDER', 'the sender was refused'), ('REVIEW', 'the rest waits for a second approval')], max_length=7),
        ),
        migrations.AddIndex(
            model_name='campaign',
            index=models.Index(condition=models.Q(('status__in', ['SCHEDULED', 'BUILDING', 'SENDING', 'PAUSED'])), fields=['status', 'next_at'], name='campaign_working'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'SCHEDULED'), _negated=True), ('next_at__isnull', False), _connector='OR'), name='campaign_schedule_has_time'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['SCHEDULED', 'PAUSED']), models.Q(('missed_at', None), ('next_at', None)), _connector='OR'), name='campaign_next_is_awaited'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('status', 'PAUSED'), ('resume_at', None), _connector='OR'), name='campaign_resumes_from_pause'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at', None), ('starts_at', None), ('ends_at__gt', models.F('starts_at')), _connector='OR'), name='campaign_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('repeat_every', 0), ('repeat_unit', '')), models.Q(('repeat_every__range', (1, 1000)), ('repeat_unit__in', ['MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH'])), _connector='OR'), name='campaign_repeat_told'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('repeat_count', None), ('repeat_until', None), _connector='OR'), name='campaign_repeat_one_end'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('error_percent', None), ('error_percent__range', (1, 100)), _connector='OR'), name='campaign_error_percent_range'),
        ),
        migrations.AddField(
            model_name='review',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reviews', to='campaigns.campaign'),
        ),
        migrations.AddField(
            model_name='review',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='review',
            name='released_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='review',
            name='submitted_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(condition=models.Q(('decision', '')), fields=['submitted_at'], name='review_oldest_open'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.UniqueConstraint(fields=('campaign', 'number'), name='review_number_once'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.UniqueConstraint(condition=models.Q(('decision', '')), fields=('campaign',), name='review_open_once'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('decision', ''), ('decided_at__isnull', False), _connector='XOR'), name='review_decision_has_time'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decision', 'REJECTED'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='review_rejection_told'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('canary_percent', None), ('canary_percent__range', (1, 99)), _connector='OR'), name='review_canary_range'),
        ),
    ]
