"""What the commands that make tokens and keys have in common."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from media_library.models import ApiKey, Library, PersonalToken, User
from media_library.scopes import Grant, Scope


class IssueCommand(BaseCommand):
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="command line", help="what it is for")
        parser.add_argument("--days", type=int, help="how long it is valid; until it is revoked if absent")
        scopes = f"what it may, of {','.join(Scope.values)}; everything if absent"
        parser.add_argument("--scopes", default=",".join(Scope.values), help=scopes)
        parser.add_argument("--library", action="append", help="a library (slug) that it is limited to; repeatable")

    def issued(self, kind: type[ApiKey | PersonalToken], options: dict[str, Any]) -> tuple[Any, str]:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']!r}.")
        expires_at = timezone.now() + timedelta(days=options["days"]) if options["days"] else None
        return kind.issue(user, options["name"], expires_at, grant_of(user, options))


def grant_of(user: User, options: dict[str, Any]) -> Grant:
    scopes = {scope.strip() for scope in options["scopes"].split(",")}
    if unknown := scopes - {*Scope.values}:
        raise CommandError(f"There is no scope {min(unknown)!r}: use some of {','.join(Scope.values)}.")
    if options["library"] is None:
        return Grant(frozenset(scopes))
    found = dict(Library.objects.visible_to(user).filter(slug__in=options["library"]).values_list("slug", "pk"))
    if missing := {*options["library"]} - found.keys():
        raise CommandError(f"{user} is in no library {min(missing)!r}.")
    return Grant(frozenset(scopes), frozenset(found.values()))
