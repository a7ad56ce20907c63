from typing import Any

from media_library.management.issuing import IssueCommand
from media_library.models import PersonalToken


class Command(IssueCommand):
    help = "Make a personal token for a user and print it, once."

    def handle(self, *args: Any, **options: Any) -> None:
        _token, secret = self.issued(PersonalToken, options)
        self.stdout.write(secret)
