from django.apps import AppConfig


class MediaLibraryConfig(AppConfig):
    name = "media_library"
    verbose_name = "Media library"

    def ready(self) -> None:
        from media_library import stored_files  # noqa: F401  connects the receiver of `post_delete`
