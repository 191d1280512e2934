
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0003_timing_and_review'),
        ('deliveries', '0003_export_bom'),
        ('workspaces', '0002_halt_and_moderation'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['workspace', 'created_at'], name='run_by_time'),
        ),
    ]
