"""Programs that have signed in as members of a library."""

from rest_framework.test import APIClient

from media_library.models import Library, Membership, Role, User
from tests import factories


def signed_in(user: User) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


def member(library: Library, role: Role) -> APIClient:
    user = factories.user()
    Membership.objects.create(library=library, user=user, role=role)
    return signed_in(user)


def stranger() -> APIClient:
    return signed_in(factories.user())
