from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0003_timing_and_review")]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="approved_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
