"""An index of attributes, and statistics about names, made while contacts are read and written."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Each step stands for itself, and can be taken again when it was broken off.
    atomic = False

    dependencies = [("audience", "0004_suppression_imports")]

    operations = [
        # What is left of an index whose making was broken off is of no use.
        migrations.RunSQL(
            "drop index concurrently if exists contact_attributes", migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            model_name="contact",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["attributes"],
                opclasses=["jsonb_path_ops"],
                condition=models.Q(("attributes", {}), _negated=True),
                name="contact_attributes",
            ),
        ),
        # The planner believes no statistics of partial indexes, and takes each beginning of a name for as rare as any.
        migrations.RunSQL(
            "create statistics if not exists contact_upper_last_name on (upper(last_name)) from audience_contact",
            "drop statistics if exists contact_upper_last_name",
        ),
        migrations.RunSQL(
            "create statistics if not exists contact_upper_first_name on (upper(first_name)) from audience_contact",
            "drop statistics if exists contact_upper_first_name",
        ),
        migrations.RunSQL("analyze audience_contact", migrations.RunSQL.noop),
    ]
