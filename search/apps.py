from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "search"
    verbose_name = "Search"

    def ready(self) -> None:
        from media_library import findable, issues
        from search import index, outliers  # which also connects the receivers of `assets_ready`

        findable.index = index
        issues.register(outliers.ISSUE)
