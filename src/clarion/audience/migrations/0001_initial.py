import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
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
            name='SourceRow',
            fields=[
                ('pk', models.CompositePrimaryKey('source_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('source_id', models.BigIntegerField()),
                ('id', models.IntegerField()),
                ('address', models.CharField(max_length=900)),
                ('data', models.JSONField()),
                ('problem', models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('email', models.CharField(blank=True, max_length=254, verbose_name='e-mail')),
                ('phone', models.CharField(blank=True, max_length=20, verbose_name='phone')),
                ('first_name', models.CharField(blank=True, max_length=100, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=100, verbose_name='last name')),
                ('language', models.CharField(blank=True, max_length=12, verbose_name='language')),
                ('zone', models.CharField(blank=True, max_length=64, verbose_name='time zone')),
                ('state', models.CharField(choices=[('ACTIVE', 'Active'), ('INACTIVE', 'Inactive'), ('DO_NOT_CONTACT', 'Do not contact')], default='ACTIVE', max_length=14)),
                ('tags', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                ('attributes', models.JSONField(blank=True, default=dict)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
                ('consents', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), blank=True, db_default=[], default=list, size=None)),
                ('refusals', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), blank=True, db_default=[], default=list, size=None)),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', 'id'], name='contact_keyset'), models.Index(condition=models.Q(('phone', ''), _negated=True), fields=['workspace', 'phone'], name='contact_phone'), models.Index(condition=models.Q(('state', 'DO_NOT_CONTACT')), fields=['workspace', 'email'], name='contact_not_to_write_to'), models.Index(models.F('workspace'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('last_name'), name='varchar_pattern_ops'), condition=models.Q(('last_name', ''), _negated=True), name='contact_last_name'), models.Index(models.F('workspace'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('first_name'), name='varchar_pattern_ops'), condition=models.Q(('first_name', ''), _negated=True), name='contact_first_name'), models.Index(condition=models.Q(('refusals', []), _negated=True), fields=['workspace', 'id'], name='contact_refusing')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'public_id'), name='contact_public_id_once'), models.UniqueConstraint(condition=models.Q(('email', ''), _negated=True), fields=('workspace', 'email'), name='contact_email_once'), models.CheckConstraint(condition=models.Q(('state__in', ['ACTIVE', 'INACTIVE', 'DO_NOT_CONTACT'])), name='contact_state_known'), models.CheckConstraint(condition=models.Q(('consents__overlap', models.F('refusals')), _negated=True), name='contact_wants_or_not')],
            },
        ),
        migrations.CreateModel(
            name='List',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('description', models.TextField(blank=True, verbose_name='description')),
                ('member_count', models.IntegerField(default=0)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
                ('is_public', models.BooleanField(default=False, verbose_name='on the preference page')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'name'), name='list_name_once')],
            },
        ),
        migrations.CreateModel(
            name='Import',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('status', models.CharField(choices=[('MAPPING', 'Waiting for the columns'), ('WAITING', 'Waiting'), ('RUNNING', 'Running'), ('DONE', 'Done'), ('CANCELLED', 'Cancelled'), ('FAILED', 'Failed')], default='MAPPING', max_length=9)),
                ('file_name', models.CharField(max_length=255)),
                ('file_path', models.CharField(max_length=500)),
                ('file_bytes', models.BigIntegerField()),
                ('dialect', models.JSONField(default=dict)),
                ('mapping', models.JSONField(default=dict)),
                ('on_known', models.CharField(default='update', max_length=6)),
                ('read_bytes', models.BigIntegerField(default=0)),
                ('row_count', models.IntegerField(default=0)),
                ('created_count', models.IntegerField(default=0)),
                ('updated_count', models.IntegerField(default=0)),
                ('skipped_count', models.IntegerField(default=0)),
                ('bad_count', models.IntegerField(default=0)),
                ('report_path', models.CharField(blank=True, max_length=500)),
                ('report_bytes', models.BigIntegerField(default=0)),
                ('failure', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
                ('add_to', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to='audience.list')),
                ('forms', models.JSONField(blank=True, default=dict)),
                ('makes_new', models.BooleanField(default=True)),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', '-id'], name='import_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['MAPPING', 'WAITING', 'RUNNING', 'DONE', 'CANCELLED', 'FAILED'])), name='import_status_known'), models.CheckConstraint(condition=models.Q(('on_known__in', ['update', 'skip'])), name='import_on_known_known'), models.CheckConstraint(condition=models.Q(('status', 'FAILED'), ('failure', ''), _connector='XOR'), name='import_failure_told'), models.CheckConstraint(condition=models.Q(('status__in', ['DONE', 'CANCELLED', 'FAILED']), ('finished_at__isnull', True), _connector='XOR'), name='import_end_has_time')],
            },
        ),
        migrations.CreateModel(
            name='ListMember',
            fields=[
                ('pk', models.CompositePrimaryKey('list_id', 'contact_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('added_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='list_memberships', to='audience.contact')),
                ('list', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='audience.list')),
            ],
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(max_length=12)),
                ('address', models.CharField(max_length=900)),
                ('reason', models.CharField(choices=[('UNSUBSCRIBED', 'Unsubscribed'), ('BOUNCED', 'Bounced'), ('COMPLAINED', 'Complained'), ('MANUAL', 'Added by hand'), ('SOFT_BOUNCED', 'Bounced too often')], max_length=12)),
                ('origin', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', '-created_at', '-id'], name='suppression_newest')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'channel', 'address'), name='suppression_once'), models.CheckConstraint(condition=models.Q(('reason__in', ['UNSUBSCRIBED', 'BOUNCED', 'COMPLAINED', 'MANUAL', 'SOFT_BOUNCED'])), name='suppression_reason_known')],
            },
        ),
        migrations.CreateModel(
            name='Segment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('rule', models.JSONField()),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
                ('is_once', models.BooleanField(default=False)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_once', False)), fields=('workspace', 'name'), name='segment_name_once')],
            },
        ),
        migrations.CreateModel(
            name='Source',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('kind', models.CharField(choices=[('UPLOAD', 'Uploaded file'), ('LISTS', 'Lists'), ('SEGMENTS', 'Segments'), ('CONTACTS', 'Contacts'), ('SHEET', 'Live spreadsheet')], max_length=8)),
                ('name', models.CharField(blank=True, max_length=200)),
                ('status', models.CharField(choices=[('WAITING', 'Waiting'), ('READING', 'Reading'), ('READY', 'Ready'), ('FAILED', 'Failed')], default='READY', max_length=8)),
                ('file_name', models.CharField(blank=True, max_length=255)),
                ('file_path', models.CharField(blank=True, max_length=500)),
                ('file_bytes', models.BigIntegerField(default=0)),
                ('dialect', models.JSONField(default=dict)),
                ('read_bytes', models.BigIntegerField(default=0)),
                ('row_count', models.IntegerField(default=0)),
                ('bad_count', models.IntegerField(default=0)),
                ('counts', models.JSONField(default=dict)),
                ('failure', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('lists', models.ManyToManyField(blank=True, to='audience.list')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
                ('excluded_lists', models.ManyToManyField(blank=True, related_name='+', to='audience.list')),
                ('excluded_segments', models.ManyToManyField(blank=True, related_name='sources_without', to='audience.segment')),
                ('segments', models.ManyToManyField(blank=True, to='audience.segment')),
                ('fixed_at', models.DateTimeField(blank=True, null=True)),
                ('rows_of', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='variants', to='audience.source')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('status', 'FAILED'), ('failure', ''), _connector='XOR'), name='source_failure_told'), models.CheckConstraint(condition=models.Q(('kind__in', ['UPLOAD', 'LISTS', 'SEGMENTS', 'CONTACTS', 'SHEET'])), name='source_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='Address',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=12)),
                ('address', models.CharField(max_length=900)),
                ('is_preferred', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='addresses', to='audience.contact')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', 'kind', 'address'], name='address_by_value')],
                'constraints': [models.UniqueConstraint(fields=('contact', 'kind', 'address'), name='address_of_contact_once'), models.UniqueConstraint(condition=models.Q(('kind', 'phone'), _negated=True), fields=('workspace', 'kind', 'address'), name='address_once'), models.UniqueConstraint(condition=models.Q(('is_preferred', True)), fields=('contact', 'kind'), name='address_preferred_once'), models.CheckConstraint(condition=models.Q(('is_preferred', False), models.Q(('kind__in', ['email', 'phone']), _negated=True), _connector='OR'), name='address_preferred_elsewhere'), models.CheckConstraint(condition=models.Q(('address', ''), _negated=True), name='address_not_empty')],
            },
        ),
        migrations.CreateModel(
            name='Attribute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('label', models.CharField(max_length=80, verbose_name='label')),
                ('kind', models.CharField(choices=[('TEXT', 'Text'), ('NUMBER', 'Number'), ('DATE', 'Date'), ('BOOLEAN', 'Yes or no'), ('CHOICE', 'Choice'), ('LIST', 'List')], max_length=7)),
                ('choices', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), blank=True, default=list, size=None)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'name'), name='attribute_name_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['TEXT', 'NUMBER', 'DATE', 'BOOLEAN', 'CHOICE', 'LIST'])), name='attribute_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='BulkEdit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('status', models.CharField(choices=[('RUNNING', 'Running'), ('DONE', 'Done'), ('UNDOING', 'Being taken back'), ('UNDONE', 'Taken back')], default='RUNNING', max_length=7)),
                ('wanted', models.JSONField(default=dict)),
                ('action', models.CharField(max_length=6)),
                ('value', models.CharField(max_length=64)),
                ('cursor', models.BigIntegerField(default=0)),
                ('last_id', models.BigIntegerField(default=0)),
                ('seen_count', models.IntegerField(default=0)),
                ('changed_count', models.IntegerField(default=0)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', '-id'], name='bulk_edit_newest')],
            },
        ),
        migrations.CreateModel(
            name='BulkEditPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('was', models.CharField(blank=True, max_length=14)),
                ('contact_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('edit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='audience.bulkedit')),
            ],
        ),
        migrations.CreateModel(
            name='ConsentChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(max_length=12)),
                ('state', models.CharField(choices=[('GIVEN', 'Given'), ('WITHDRAWN', 'Withdrawn'), ('UNKNOWN', 'Not known')], max_length=9)),
                ('source', models.CharField(choices=[('IMPORT', 'Import'), ('FORM', 'Form'), ('PERSON', 'A member'), ('UNSUBSCRIBE', 'The recipient'), ('API', 'API')], max_length=11)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='consent_changes', to='audience.contact')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['contact', '-id'], name='consent_of_contact')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['GIVEN', 'WITHDRAWN', 'UNKNOWN'])), name='consent_state_known'), models.CheckConstraint(condition=models.Q(('source__in', ['IMPORT', 'FORM', 'PERSON', 'UNSUBSCRIBE', 'API'])), name='consent_source_known')],
            },
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('status', models.CharField(choices=[('RUNNING', 'Running'), ('DONE', 'Done')], default='RUNNING', max_length=7)),
                ('facts', models.JSONField(default=dict)),
                ('counts', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', '-id'], name='erasure_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status', 'DONE'), ('finished_at__isnull', True), _connector='XOR'), name='erasure_end_has_time'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'DONE'), _negated=True), ('facts', {}), _connector='OR'), name='erasure_forgets')],
            },
        ),
        migrations.CreateModel(
            name='MergedContact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('old_id', models.BigIntegerField(unique=True)),
                ('old_public_id', models.UUIDField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merged', to='audience.contact')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'old_public_id'), name='merged_public_id_once')],
            },
        ),
        migrations.CreateModel(
            name='Tombstone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=12)),
                ('digest', models.BinaryField(max_length=32)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'digest'), name='tombstone_once')],
            },
        ),
        migrations.CreateModel(
            name='ContactActivity',
            fields=[
                ('pk', models.CompositePrimaryKey('contact_id', 'run_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('workspace_id', models.BigIntegerField()),
                ('campaign_id', models.BigIntegerField()),
                ('sent_on', models.DateField(null=True)),
                ('delivered_on', models.DateField(null=True)),
                ('opened_on', models.DateField(null=True)),
                ('clicked_on', models.DateField(null=True)),
                ('answered_on', models.DateField(null=True)),
                ('failed_on', models.DateField(null=True)),
                ('contact', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='activity', to='audience.contact')),
            ],
            options={
                'indexes': [models.Index(fields=['campaign_id', 'contact_id'], name='activity_of_campaign'), models.Index(condition=models.Q(('sent_on__isnull', False)), fields=['workspace_id', 'sent_on', 'contact_id'], name='activity_sent'), models.Index(condition=models.Q(('delivered_on__isnull', False)), fields=['workspace_id', 'delivered_on', 'contact_id'], name='activity_delivered'), models.Index(condition=models.Q(('opened_on__isnull', False)), fields=['workspace_id', 'opened_on', 'contact_id'], name='activity_opened'), models.Index(condition=models.Q(('clicked_on__isnull', False)), fields=['workspace_id', 'clicked_on', 'contact_id'], name='activity_clicked'), models.Index(condition=models.Q(('answered_on__isnull', False)), fields=['workspace_id', 'answered_on', 'contact_id'], name='activity_answered'), models.Index(condition=models.Q(('failed_on__isnull', False)), fields=['workspace_id', 'failed_on', 'contact_id'], name='activity_failed')],
            },
        ),
        migrations.CreateModel(
            name='AnswerWords',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(max_length=12, verbose_name='language')),
                ('stop', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                ('stop_alone', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                ('start', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                ('help', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                ('stop_reply', models.CharField(blank=True, max_length=300)),
                ('start_reply', models.CharField(blank=True, max_length=300)),
                ('help_reply', models.CharField(blank=True, max_length=300)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answer_words', to='workspaces.workspace')),
            ],
            options={
                'ordering': ['language'],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'language'), name='answer_words_once'), models.CheckConstraint(condition=models.Q(('stop', []), _negated=True), name='answer_words_can_stop')],
            },
        ),
        migrations.CreateModel(
            name='FrequencyCap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(blank=True, max_length=12, verbose_name='channel')),
                ('messages', models.SmallIntegerField(verbose_name='messages')),
                ('days', models.SmallIntegerField(verbose_name='days')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='frequency_caps', to='workspaces.workspace')),
            ],
            options={
                'ordering': ['channel', 'days'],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'channel', 'days'), name='frequency_cap_once'), models.CheckConstraint(condition=models.Q(('messages__range', (1, 1000)), ('days__range', (1, 365))), name='frequency_cap_range')],
            },
        ),
        migrations.CreateModel(
            name='OptOutRules',
            fields=[
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='opt_out_rules', serialize=False, to='workspaces.workspace')),
                ('soft_bounces', models.SmallIntegerField(default=3, verbose_name='bounces')),
                ('soft_days', models.SmallIntegerField(default=30, verbose_name='days')),
                ('page_text', models.CharField(blank=True, max_length=500, verbose_name='text of the preference page')),
                ('counted_days', models.SmallIntegerField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('soft_bounces__range', (0, 100)), ('soft_days__range', (1, 365))), name='opt_out_rules_range')],
            },
        ),
        migrations.CreateModel(
            name='SoftBounce',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(max_length=12)),
                ('address', models.CharField(max_length=320)),
                ('at', models.DateTimeField()),
                ('run_id', models.BigIntegerField()),
                ('delivery_id', models.BigIntegerField()),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', 'channel', 'address', 'at'], name='soft_bounce_of_address'), models.Index(fields=['at'], name='soft_bounce_oldest')],
                'constraints': [models.UniqueConstraint(fields=('run_id', 'delivery_id'), name='soft_bounce_once')],
            },
        ),
        migrations.CreateModel(
            name='LiveSheet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('url', models.CharField(blank=True, max_length=2000, verbose_name='address')),
                ('path', models.CharField(blank=True, max_length=1000, verbose_name='file')),
                ('channel', models.CharField(max_length=12)),
                ('overrides', models.JSONField(blank=True, default=dict)),
                ('when_unreadable', models.CharField(choices=[('FAIL', 'Fail the run, with the reason'), ('KEEP', 'Use the last good copy')], default='FAIL', max_length=4)),
                ('keep_hours', models.SmallIntegerField(default=24)),
                ('etag', models.CharField(blank=True, max_length=500)),
                ('last_modified', models.CharField(blank=True, max_length=100)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('wanted_at', models.DateTimeField(blank=True, null=True)),
                ('tried_at', models.DateTimeField(blank=True, null=True)),
                ('checked_at', models.DateTimeField(blank=True, null=True)),
                ('current_at', models.DateTimeField(blank=True, null=True)),
                ('problem', models.TextField(blank=True)),
                ('difference', models.JSONField(blank=True, default=dict)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('copy', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='audience.source')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'name'), name='livesheet_name_once'), models.CheckConstraint(condition=models.Q(('url', ''), ('path', ''), _connector='XOR'), name='livesheet_one_place'), models.CheckConstraint(condition=models.Q(('when_unreadable__in', ['FAIL', 'KEEP'])), name='livesheet_when_unreadable_known')],
            },
        ),
        migrations.CreateModel(
            name='MappingMemory',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('headers', models.CharField(max_length=64)),
                ('mapping', models.JSONField()),
                ('forms', models.JSONField(default=dict)),
                ('used_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='workspaces.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'headers'), name='mapping_memory_once')],
            },
        ),
        migrations.CreateModel(
            name='SourceMember',
            fields=[
                ('pk', models.CompositePrimaryKey('source_id', 'contact_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('source_id', models.BigIntegerField()),
                ('contact', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='audience.contact')),
            ],
        ),
        migrations.AddField(
            model_name='source',
            name='sheet',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sources', to='audience.livesheet'),
        ),
        migrations.AddConstraint(
            model_name='source',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'SHEET'), _negated=True), ('sheet__isnull', False), _connector='OR'), name='source_sheet_named'),
        ),
    ]
