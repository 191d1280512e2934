
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='campaign',
            name='paused_from',
            field=models.CharField(blank=True, choices=[('DRAFT', 'Draft'), ('IN_REVIEW', 'In review'), ('READY', 'Ready'), ('SCHEDULED', 'Scheduled'), ('BUILDING', 'Building'), ('SENDING', 'Sending'), ('PAUSED', 'Paused'), ('STOPPED', 'Stopped'), ('COMPLETED', 'Completed'), ('CANCELLED', 'Cancelled'), ('FAILED', 'Failed'), ('EXPIRED', 'Expired')], max_length=9),
        ),
    ]
