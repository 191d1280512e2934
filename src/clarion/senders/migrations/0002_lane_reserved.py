
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('senders', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='senderlane',
            name='lanes',
            field=models.SmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='senderlane',
            name='reserved',
            field=models.IntegerField(default=0),
        ),
    ]
