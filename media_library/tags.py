"""Tags of a library as people make, rename, merge and remove them; `ingest.update` gives them to assets."""

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, InvalidRequest, NotFound
from media_library import ingest
from media_library.constraints import refusing
from media_library.models import Library, Role, Tag, User

MERGE = """
INSERT INTO media_library_asset_tags (asset_id, tag_id)
SELECT asset_id, %(into)s FROM media_library_asset_tags WHERE tag_id = %(tag)s
ON CONFLICT DO NOTHING
"""


class TagTaken(AppError):
    code = "name_taken"
    status = 409
    message = _("There is already a tag with this name.")


def clean_name(name: str) -> str:
    names = ingest.clean_tags([name])
    if not names:
        raise InvalidRequest(_("Name the tag."), code="bad_tag")
    return names[0]


def make(library: Library, user: User, name: str) -> Tag:
    """A tag that no asset has yet. Raises Forbidden below contributor, InvalidRequest and TagTaken."""
    library.require(user, Role.CONTRIBUTOR)
    with refusing("tag_name_unique", TagTaken):
        return Tag.objects.create(library=library, name=clean_name(name))


@transaction.atomic
def rename(tag: Tag, user: User, name: str) -> Tag:
    """Give it another name. If another tag has that name, its assets get that one instead, and that one is given back.

    Raises Forbidden below editor, InvalidRequest, and TagTaken where somebody makes such a tag at this moment.
    """
    tag.library.require(user, Role.EDITOR)
    name = clean_name(name)
    tag.library.lock()
    others = Tag.objects.filter(library=tag.library_id).exclude(pk=tag.pk)
    if not Tag.objects.filter(pk=tag.pk).exists():
        raise NotFound
    if other := others.named([name]).first():
        return merge(tag, other)
    tag.name = name
    with refusing("tag_name_unique", TagTaken):  # it was made just now
        tag.save(update_fields=["name"])
    return tag


def merge(tag: Tag, into: Tag) -> Tag:
    """In the caller's transaction. What has both keeps one."""
    with connection.cursor() as cursor:
        cursor.execute(MERGE, {"tag": tag.pk, "into": into.pk})
    tag.delete()
    return into


@transaction.atomic
def remove(tag: Tag, user: User) -> None:
    """Take it off all assets, those in the trash too. Raises Forbidden below editor."""
    tag.library.require(user, Role.EDITOR)
    tag.library.lock()
    tag.delete()
