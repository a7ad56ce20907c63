from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "search"
    verbose_name = "Search"

    def ready(self) -> None:
        from media_library import bulk, findable, issues, stored_files
        from search import forgetting, index, outliers, selecting  # noqa: F401  connects the receivers of signals
        from search.bulk import Reindex

        findable.index, findable.search = index, selecting
        stored_files.FOLDERS |= {"anchors", "queries"}
        bulk.register(Reindex())
        issues.register(outliers.ISSUE)
