
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audience', '0001_initial'),
        ('campaigns', '0004_approval'),
        ('workspaces', '0002_halt_and_moderation'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='campaign',
            index=models.Index(condition=models.Q(('ends_at__isnull', False), ('status__in', ['READY', 'SCHEDULED', 'BUILDING', 'SENDING', 'PAUSED'])), fields=['ends_at'], name='campaign_ending'),
        ),
        migrations.AddIndex(
            model_name='campaign',
            index=models.Index(condition=models.Q(('missed_at__isnull', False)), fields=['workspace', 'missed_at'], name='campaign_missed'),
        ),
    ]
