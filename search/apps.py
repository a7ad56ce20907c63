from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "search"
    verbose_name = "Search"

    def ready(self) -> None:
        from media_library import findable, issues
        from search import detection, indexing, outliers  # noqa: F401  also connects the receivers of `assets_ready`

        findable.index = indexing
        issues.register(outliers.ISSUE)
