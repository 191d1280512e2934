

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deliveries', '0001_initial'),
        ('workspaces', '0002_halt_and_moderation'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
        migrations.AddField(
            model_name='run',
            name='difference',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='run',
            name='released_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='run',
            name='released_on',
            field=models.DateField(null=True),
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
            ],
            options={
                'indexes': [models.Index(fields=['run', '-id'], name='export_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['QUEUED', 'RUNNING', 'DONE', 'FAILED', 'EXPIRED'])), name='export_status_known'), models.CheckConstraint(condition=models.Q(('status', 'FAILED'), ('failure', ''), _connector='XOR'), name='export_failure_told')],
            },
        ),
    ]
