
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deliveries', '0002_release_push_export'),
    ]

    operations = [
        migrations.AddField(
            model_name='export',
            name='has_bom',
            field=models.BooleanField(default=True),
        ),
    ]
