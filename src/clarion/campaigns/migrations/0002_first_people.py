"""A first part that is told by a number of people, as triggered campaigns need it."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='review',
            name='canary_people',
            field=models.IntegerField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=Q(('canary_people', None), Q(('canary_people__range', (1, 1000000)), ('canary_percent', None)), _connector='OR'), name='review_canary_people_range'),
        ),
    ]
