"""Whose identity it is. A provider's person is known by issuer and subject alone: names and addresses change hands."""

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from media_library.models import Identity, User
from media_library.oidc import groups, provider
from media_library.oidc.errors import NameTaken, NoName, OfSomebodyElse, SwitchedOff, UnknownPerson

Claims = dict[str, Any]


class Backend(BaseBackend):
    """Sessions that were begun by a provider; they end where it is no longer set."""

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first() if provider.is_on() else None


def user_of(claims: Claims) -> User:
    """Who signs in, made if settings say so, with the roles of their groups. Raises NotSignedIn."""
    identity = find(claims) or adopt(claims)
    if identity is None:
        identity = make(claims)
    if not identity.user.is_active:
        raise SwitchedOff(f"{identity.user.get_username()} is switched off")
    with transaction.atomic():
        groups.apply(identity, claims)
        identity.last_used_at = timezone.now()
        identity.save(update_fields=["last_used_at"])
    return identity.user


def find(claims: Claims) -> Identity | None:
    return Identity.objects.select_related("user").filter(issuer=claims["iss"], subject=claims["sub"]).first()


def of(user: User) -> Identity | None:
    """What this account is connected with at the provider that is set."""
    return Identity.objects.filter(user=user, issuer=settings.OIDC_ISSUER).first() if provider.is_on() else None


def link(user: User, claims: Claims) -> Identity:
    """Connect the account of who is signed in here. Raises OfSomebodyElse."""
    identity = find(claims)
    if identity is None:
        try:
            with transaction.atomic():
                return Identity.objects.create(user=user, issuer=claims["iss"], subject=claims["sub"])
        except IntegrityError:
            raise OfSomebodyElse from None
    if identity.user_id != user.pk:
        raise OfSomebodyElse(f"the subject is connected with {identity.user.get_username()}")
    return identity


def adopt(claims: Claims) -> Identity | None:
    """By an e-mail address that the provider has verified, if settings say so: to the one account that has it. Never to
    an administrator's, and never to one that is connected already."""
    email = verified_email(claims)
    if not settings.OIDC_LINK_VERIFIED_EMAIL or not email:
        return None
    candidates = list(User.objects.filter(email__iexact=email, is_active=True)[:2])
    if len(candidates) != 1 or candidates[0].is_staff or candidates[0].is_superuser:
        return None
    if Identity.objects.filter(user=candidates[0], issuer=claims["iss"]).exists():
        return None
    return link(candidates[0], claims)


def make(claims: Claims) -> Identity:
    """A new account without a password. Raises UnknownPerson, NoName and NameTaken."""
    if not settings.OIDC_CREATE_USERS:
        raise UnknownPerson(f"nobody here is {claims['sub']!r}"[:300])
    username = name_of(claims)
    if User.objects.filter(username__iexact=username).exists():
        raise NameTaken(f"{username} is taken", username=username)
    try:
        with transaction.atomic():
            user = User(username=username, email=verified_email(claims))
            user.first_name, user.last_name = text(claims, "given_name"), text(claims, "family_name")
            user.set_unusable_password()
            user.save()
            return Identity.objects.create(user=user, issuer=claims["iss"], subject=claims["sub"])
    except IntegrityError:  # the same person, in another tab at the same moment
        identity = find(claims)
        if identity is None:
            raise NameTaken(f"{username} is taken", username=username) from None
        return identity


def name_of(claims: Claims) -> str:
    """Raises NoName."""
    name = User.normalize_username(claims.get(settings.OIDC_USERNAME_CLAIM) or "")
    field = User._meta.get_field("username")
    try:
        return str(field.clean(name, None))
    except ValidationError:
        raise NoName(f"the claim {settings.OIDC_USERNAME_CLAIM} is {name!r}"[:300]) from None


def verified_email(claims: Claims) -> str:
    """Empty unless the provider says that it has seen the person read what it sent there."""
    email = claims.get("email")
    return email[:254] if isinstance(email, str) and claims.get("email_verified") is True else ""


def text(claims: Claims, name: str) -> str:
    value = claims.get(name)
    return value.replace("\0", "")[:150] if isinstance(value, str) else ""
