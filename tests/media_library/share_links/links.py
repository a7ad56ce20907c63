from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from media_library.models import Asset, Library, Rendition, ShareLink, User
from tests import factories
from tests.media_library.test_stripping import original

PASSWORD = "open sesame"


def path_of(link: tuple[ShareLink, str], *rest: object) -> str:
    return "/".join(["/s", link[1], *map(str, rest), ""])


def media(asset: Asset) -> list[tuple[object, ...]]:
    return [(), (asset.pk,), (asset.pk, "thumb"), (asset.pk, "preview"), (asset.pk, "download")]


def content_of(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def picture(library: Library, user: User) -> Asset:
    """A JPEG that says where it was taken, with renditions."""
    made = factories.upload(
        library, user, original("JPEG", 6), "beach.jpg", description="Not for strangers", keep_duplicate=True
    )
    for name in Rendition.Name.values:
        file = default_storage.save(f"renditions/{made.pk}-{name}.webp", ContentFile(b"RIFF" + name.encode()))
        Rendition.objects.create(asset=made, name=name, file=file, width=48, height=64, bytes=9)
    Asset.objects.update(state="ready", exif={"latitude": 48.85, "longitude": 2.35, "model": "Phone 9"})
    made.refresh_from_db()
    return made
