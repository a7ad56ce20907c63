import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Who was never granted anything is asked nothing about grants: a column of the user's says so. It is only ever set. The
# row of a group is locked, so that of a grant to it and a new member of it the later one sees the other.
MARK = """
CREATE FUNCTION media_library_mark_granted() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.group_id IS NOT NULL THEN
        PERFORM 1 FROM auth_group WHERE id = NEW.group_id FOR NO KEY UPDATE;
    END IF;
    UPDATE media_library_user SET has_grants = true WHERE NOT has_grants AND (id = NEW.user_id
        OR id IN (SELECT user_id FROM media_library_user_groups WHERE group_id = NEW.group_id));
    RETURN NULL;
END $$;
CREATE FUNCTION media_library_mark_member() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM 1 FROM auth_group WHERE id = NEW.group_id FOR NO KEY UPDATE;
    UPDATE media_library_user SET has_grants = true WHERE id = NEW.user_id AND NOT has_grants
        AND EXISTS (SELECT FROM media_library_foldergrant WHERE group_id = NEW.group_id);
    RETURN NULL;
END $$;
CREATE TRIGGER mark_granted AFTER INSERT OR UPDATE ON media_library_foldergrant
    FOR EACH ROW EXECUTE FUNCTION media_library_mark_granted();
CREATE TRIGGER mark_member AFTER INSERT OR UPDATE ON media_library_user_groups
    FOR EACH ROW EXECUTE FUNCTION media_library_mark_member();
"""
NO_MORE = """
DROP TRIGGER mark_member ON media_library_user_groups;
DROP TRIGGER mark_granted ON media_library_foldergrant;
DROP FUNCTION media_library_mark_member();
DROP FUNCTION media_library_mark_granted();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('media_library', '0026_words_have_a_name'),
    ]

    operations = [
        migrations.CreateModel(
            name='FolderGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.PositiveSmallIntegerField(choices=[(1, 'Viewer'), (2, 'Contributor'), (3, 'Editor'), (4, 'Manager')], default=1, verbose_name='role')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('folder', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='media_library.folder', verbose_name='folder')),
                ('group', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='folder_grants', to='auth.group', verbose_name='group')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='folder_grants', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'folder grant',
                'verbose_name_plural': 'folder grants',
                'constraints': [
                    models.UniqueConstraint(fields=('folder', 'user'), name='one_grant_per_user'),
                    models.UniqueConstraint(fields=('folder', 'group'), name='one_grant_per_group'),
                    models.CheckConstraint(condition=models.Q(('group__isnull', False), ('user', None)) | models.Q(('group', None), ('user__isnull', False)), name='grant_to_user_or_group'),
                    models.CheckConstraint(condition=models.Q(('role__in', [1, 2, 3, 4])), name='grant_role_known'),
                ],
            },
        ),
        migrations.AddField(
            model_name='user',
            name='has_grants',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.RunSQL(MARK, NO_MORE),
    ]
