from django.db import models

from media_library.models import Library


class IndexedLibrary(models.Model):
    """That all pictures of a library were indexed once: from then on, what is added makes it no less ready."""

    library = models.OneToOneField(Library, models.CASCADE, primary_key=True, related_name="+")
    since = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.library_id)
