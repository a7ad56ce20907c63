from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "search"
    verbose_name = "Search"

    def ready(self) -> None:
        from search import indexing  # noqa: F401  connects the receiver of `asset_ready`
