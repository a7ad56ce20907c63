from django.apps import AppConfig


class MediaLibraryConfig(AppConfig):
    name = "media_library"
    verbose_name = "Media library"

    def ready(self) -> None:
        from media_library import audit_signals, bulk, exports, jobs, sessions, stored_files  # noqa: F401  some connect signals
        from media_library.bulk import actions
        from media_library.imports.jobs import ImportFrom, ImportUrls

        for action in actions.BUILT_IN:
            bulk.register(action())
        for kind in (bulk.BulkChange, exports.ExportZip, exports.ExportLines, ImportFrom, ImportUrls):
            jobs.register(kind())
