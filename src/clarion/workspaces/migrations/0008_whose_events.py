from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0007_ends_of_trails")]

    operations = [
        migrations.AddField(
            model_name="auditevent", name="actor_number", field=models.BigIntegerField(null=True)
        ),
        migrations.AddField(
            model_name="systemevent", name="user_number", field=models.BigIntegerField(null=True)
        ),
    ]
