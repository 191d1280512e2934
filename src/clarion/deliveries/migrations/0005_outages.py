
import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0003_timing_and_review'),
        ('deliveries', '0004_runs_by_time'),
        ('senders', '0001_initial'),
        ('workspaces', '0002_halt_and_moderation'),
    ]

    operations = [
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
            ],
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('unknown__gt', 0)), fields=['workspace', '-id'], name='run_unsettled'),
        ),
        migrations.AddField(
            model_name='outage',
            name='sender',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='senders.sender'),
        ),
        migrations.AddIndex(
            model_name='outage',
            index=models.Index(fields=['sender', '-began_at'], name='outage_newest'),
        ),
        migrations.AddConstraint(
            model_name='outage',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('sender', 'lane'), name='outage_open_once'),
        ),
    ]
