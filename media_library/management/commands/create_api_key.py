from typing import Any

from media_library.management.issuing import IssueCommand
from media_library.models import ApiKey


class Command(IssueCommand):
    help = "Make an API key for a user and print it with its secret, once."

    def handle(self, *args: Any, **options: Any) -> None:
        key, secret = self.issued(ApiKey, options)
        self.stdout.write(f"api_key: {key.key}\napi_secret: {secret}")
