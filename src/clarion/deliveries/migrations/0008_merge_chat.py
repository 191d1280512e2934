from django.db import migrations


class Migration(migrations.Migration):
    """Joins two lines of migrations that do not touch each other."""

    dependencies = [
        ("deliveries", "0007_receipts_inbox"),
        ("deliveries", "0007_skip_no_consent"),
    ]

    operations = []
