from django.db import migrations, models

#: The columns are null in every run of one step. No predicate names a column that changes later: updates in place
#: (heap-only) stay possible for all rows.
ADD = """
alter table deliveries_recipient add column addresses jsonb;
alter table deliveries_delivery add column address text;
create unique index delivery_once_per_address on deliveries_delivery (run_id, address, (id & 15))
    where address is not null;
"""
REMOVE = """
drop index delivery_once_per_address;
alter table deliveries_delivery drop column address;
alter table deliveries_recipient drop column addresses;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('deliveries', '0007_skip_no_consent'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField('recipient', 'addresses', models.JSONField(null=True)),
                migrations.AddField('delivery', 'address', models.CharField(max_length=320, null=True)),
            ],
            database_operations=[migrations.RunSQL(ADD, REMOVE)],
        ),
    ]
