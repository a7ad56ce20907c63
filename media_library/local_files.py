"""Files in a folder of this machine."""

import os
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.utils.deconstruct import deconstructible


@deconstructible(path="media_library.local_files.LocalFiles")
class LocalFiles(FileSystemStorage):
    """Django's, but what cannot be written to its end, as on a full disk, leaves nothing behind."""

    def _save(self, name: str, content: File) -> str:
        while True:
            path = Path(self.path(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            except FileExistsError:
                name = self.get_available_name(name)
                continue
            try:
                with os.fdopen(descriptor, "wb") as file:
                    for chunk in content.chunks():
                        file.write(chunk)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
            return name.replace("\\", "/")
