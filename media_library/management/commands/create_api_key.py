from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from media_library.models import ApiKey, User


class Command(BaseCommand):
    help = "Make an API key for a user and print it with its secret, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="command line", help="what the key is for")
        parser.add_argument("--days", type=int, help="how long it is valid; until it is revoked if absent")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']!r}.")
        expires_at = timezone.now() + timedelta(days=options["days"]) if options["days"] else None
        key, secret = ApiKey.issue(user, options["name"], expires_at)
        self.stdout.write(f"api_key: {key.key}\napi_secret: {secret}")
