from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "search"
    verbose_name = "Search"

    def ready(self) -> None:
        from media_library import findable, issues
        from search import indexing, outliers  # indexing also connects the receiver of `asset_ready`

        findable.index = indexing
        issues.register(outliers.ISSUE)
