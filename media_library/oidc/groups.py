"""Roles by a provider's groups, as settings.OIDC_GROUPS pairs them: renewed with every sign-in.

What a group has given, a group takes away again. A role that somebody gave by hand stays as it is.
"""

import logging
from typing import Any

from django.conf import settings

from media_library import audit
from media_library.members import LastManager, keep_a_manager
from media_library.models import Identity, Library, Membership, Role, User

logger = logging.getLogger(__name__)
ADMINISTRATORS = "administrators"  # in place of a library's slug


def apply(identity: Identity, claims: dict[str, Any]) -> None:
    """In a transaction. Libraries that settings do not name are left alone."""
    if not settings.OIDC_GROUPS:
        return
    held = of(claims)
    wanted: dict[str, Role] = {}
    for group, slug, role in settings.OIDC_GROUPS:
        if group in held:
            wanted[slug] = max(wanted.get(slug, Role.VIEWER), Role[role.upper()])
    given = dict(identity.given)
    administer(identity.user, given, wanted=wanted.pop(ADMINISTRATORS, None) is not None)
    for library in Library.objects.filter(slug__in={slug for _group, slug, _role in settings.OIDC_GROUPS} | set(given)):
        place(identity.user, library, wanted.get(library.slug), given)
    if given != identity.given:
        identity.given = given
        identity.save(update_fields=["given"])


def of(claims: dict[str, Any]) -> set[str]:
    """The groups of a claim, whose name may be a path with dots: realm_access.roles."""
    value: Any = claims.get(settings.OIDC_GROUPS_CLAIM)
    if value is None:
        value = claims
        for part in settings.OIDC_GROUPS_CLAIM.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, str):
        return {value}
    return {group for group in value if isinstance(group, str)} if isinstance(value, list) else set()


def administer(user: User, given: dict[str, Any], *, wanted: bool) -> None:
    if wanted and not user.is_superuser:
        given[ADMINISTRATORS] = True
    elif wanted or not given.pop(ADMINISTRATORS, False):
        return
    user.is_superuser = user.is_staff = wanted
    user.save(update_fields=["is_superuser", "is_staff"])
    data = {"fields": ["is_superuser", "is_staff"], "is_superuser": wanted, "is_staff": wanted, "by": "groups"}
    audit.record(audit.Event.USER_CHANGED, user, user=user, data=data)


def place(user: User, library: Library, role: Role | None, given: dict[str, Any]) -> None:
    """The role that groups give in one library; None: none."""
    member = Membership.objects.filter(library=library, user=user).first()
    if member is None:
        given.pop(library.slug, None)
        if role is not None:
            Membership.objects.create(library=library, user=user, role=role)
            given[library.slug] = int(role)
        return
    if given.get(library.slug) != member.role or member.role == role:  # somebody has decided otherwise, or nothing new
        return
    try:
        if role is None or role < Role.MANAGER:
            keep_a_manager(member)
    except LastManager:
        logger.warning("%s stays manager of %s: there is no other one.", user.get_username(), library.slug)
        return
    if role is None:
        member.delete()
        del given[library.slug]
        return
    Membership.objects.filter(pk=member.pk).update(role=role)
    given[library.slug] = int(role)
    data = {"role": role.name.lower(), "user": user.pk, "by": "groups"}
    audit.record(audit.Event.MEMBER_CHANGED, member, library=library, user=user, name=user.get_username(), data=data)
