

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('workspaces', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='workspace',
            name='halt_reason',
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name='workspace',
            name='halted_by',
            field=models.CharField(blank=True, max_length=254),
        ),
        migrations.AddField(
            model_name='workspace',
            name='moderation',
            field=models.BooleanField(default=False),
        ),
    ]
