import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('workspaces', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='TokenPace',
            fields=[
                ('token_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('minute', models.DateTimeField()),
                ('count', models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='KeptAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255)),
                ('fingerprint', models.BinaryField(max_length=32)),
                ('status', models.SmallIntegerField(null=True)),
                ('body', models.BinaryField(default=b'')),
                ('content_type', models.CharField(blank=True, max_length=100)),
                ('location', models.CharField(blank=True, max_length=500)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('membership', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.membership')),
            ],
            options={
                'indexes': [models.Index(fields=['created_at'], name='kept_answer_age')],
                'constraints': [models.UniqueConstraint(fields=('membership', 'key'), name='kept_answer_once')],
            },
        ),
        # What it holds is worth a minute; without a log, counting a request costs no write to the disk.
        migrations.RunSQL("alter table api_tokenpace set unlogged", migrations.RunSQL.noop),
    ]
