from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "search"
    verbose_name = "Search"

    def ready(self) -> None:
        from media_library import bulk, findable, issues
        from search import detection, indexing, outliers, selecting  # noqa: F401  also receive `assets_ready`
        from search.bulk import Reindex

        findable.index, findable.search = indexing, selecting
        bulk.register(Reindex())
        issues.register(outliers.ISSUE)
