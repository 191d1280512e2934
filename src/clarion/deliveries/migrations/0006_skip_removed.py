
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deliveries', '0005_outages'),
    ]

    operations = [
        migrations.AlterField(
            model_name='recipient',
            name='skip',
            field=models.SmallIntegerField(choices=[(1, 'No address'), (2, 'Invalid address'), (3, 'Duplicate'), (4, 'Suppressed'), (5, 'Do not contact'), (6, 'Frequency cap'), (7, 'Excluded'), (8, 'No longer in the audience')], null=True),
        ),
    ]
