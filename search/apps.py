from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "search"
    verbose_name = "Search"

    def ready(self) -> None:
        from media_library import bulk, findable, issues
        from search import index, outliers, selecting  # which also connects the receivers of `assets_ready`
        from search.bulk import Reindex

        findable.index, findable.search = index, selecting
        bulk.register(Reindex())
        issues.register(outliers.ISSUE)
