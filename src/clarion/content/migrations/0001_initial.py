import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('workspaces', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Template',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('channel', models.CharField(max_length=12)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('archived_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('archived_at', None)), fields=('workspace', 'name'), name='template_name_once')],
            },
        ),
        migrations.CreateModel(
            name='MediaFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('key', models.CharField(editable=False, max_length=40, unique=True)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('content_type', models.CharField(max_length=100)),
                ('size', models.IntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('width', models.IntegerField(null=True)),
                ('height', models.IntegerField(null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'sha256'), name='media_content_once'), models.CheckConstraint(condition=models.Q(('size__gt', 0)), name='media_not_empty')],
            },
        ),
        migrations.CreateModel(
            name='TemplateVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.IntegerField()),
                ('source', models.JSONField()),
                ('content', models.JSONField()),
                ('variables', models.JSONField(default=list)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('template', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='content.template')),
                ('approval', models.CharField(blank=True, choices=[('', 'Not asked yet'), ('PENDING', 'In review'), ('APPROVED', 'Approved'), ('REJECTED', 'Rejected')], default='', max_length=10)),
                ('approval_note', models.TextField(blank=True)),
                ('media', models.ManyToManyField(blank=True, related_name='versions', to='content.mediafile')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('template', 'number'), name='template_version_once'), models.CheckConstraint(condition=models.Q(('approval__in', ['', 'PENDING', 'APPROVED', 'REJECTED'])), name='template_approval_known')],
            },
        ),
        migrations.CreateModel(
            name='Branding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(editable=False, max_length=40, unique=True)),
                ('colour', models.CharField(blank=True, max_length=7)),
                ('logo', models.BinaryField(default=bytes)),
                ('logo_type', models.CharField(blank=True, max_length=20)),
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='branding', to='workspaces.workspace')),
            ],
        ),
    ]
