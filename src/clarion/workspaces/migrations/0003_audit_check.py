
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('workspaces', '0002_halt_and_moderation'),
    ]

    operations = [
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
    ]
