
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audience', '0001_initial'),
        ('campaigns', '0005_ending_and_missed'),
        ('workspaces', '0002_halt_and_moderation'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='campaign',
            index=models.Index(models.F('workspace'), django.db.models.functions.comparison.Coalesce('next_at', 'started_at', 'starts_at'), condition=models.Q(('archived_at', None), models.Q(('status', 'DRAFT'), _negated=True)), name='campaign_by_launch'),
        ),
        migrations.AddIndex(
            model_name='campaign',
            index=models.Index(condition=models.Q(('archived_at', None), ('launch__in', ['RECURRING', 'SPREAD', 'TRIGGER'])), fields=['workspace', 'launch', 'starts_at'], name='campaign_lasting'),
        ),
    ]
