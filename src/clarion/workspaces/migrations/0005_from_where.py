from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0004_told_of_trouble")]

    operations = [
        migrations.AddField(
            model_name="auditevent",
            name="address",
            field=models.CharField(blank=True, db_default="", default="", max_length=45),
        ),
    ]
