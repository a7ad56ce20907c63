"""Entries of the audit log for what is made and removed in many rooms: the model says so itself."""

from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest

from media_library import audit
from media_library.audit import Event
from media_library.models import (
    ApiKey,
    Collection,
    Folder,
    FolderGrant,
    Identity,
    Library,
    Membership,
    PersonalToken,
    Role,
    SecondFactor,
    User,
    Version,
)

MADE = {
    ApiKey: Event.KEY_MADE,
    Identity: Event.PROVIDER_CONNECTED,
    FolderGrant: Event.GRANT_MADE,
    Membership: Event.MEMBER_ADDED,
    PersonalToken: Event.TOKEN_MADE,
    SecondFactor: Event.FACTOR_SET_UP,
    User: Event.USER_MADE,
}
MEANS = {"media_library.oidc.accounts.Backend": "OpenID Connect"}
CHANGED = {FolderGrant: Event.GRANT_CHANGED, Membership: Event.MEMBER_CHANGED}
REMOVED = {
    ApiKey: Event.KEY_REVOKED,
    Collection: Event.REMOVED,
    Folder: Event.REMOVED,
    Identity: Event.PROVIDER_DISCONNECTED,
    FolderGrant: Event.GRANT_REMOVED,
    Library: Event.REMOVED,
    Membership: Event.MEMBER_REMOVED,
    PersonalToken: Event.TOKEN_REVOKED,
    SecondFactor: Event.FACTOR_REMOVED,
    User: Event.USER_REMOVED,
    Version: Event.REMOVED,
}


@receiver(post_save)
def saved(sender: Any, instance: Any, created: bool, raw: bool, **kwargs: Any) -> None:  # noqa: FBT001  Django's
    if raw:
        return
    if created and sender in MADE:
        audit.record(MADE[sender], instance, **told(instance))
    elif sender in CHANGED:
        audit.record(CHANGED[sender], instance, **told(instance))


@receiver(post_delete)
def deleted(sender: Any, instance: Any, origin: Any, **kwargs: Any) -> None:
    """What goes with something larger is part of that: folders of a library, versions of an asset."""
    by_itself = origin is instance or getattr(origin, "model", None) is sender
    if sender in REMOVED and (by_itself or (sender in CHANGED and not isinstance(origin, Library))):
        audit.record(REMOVED[sender], instance, **told(instance))


def told(instance: Any) -> dict[str, Any]:
    """Whose library, and what an entry says beside the name."""
    if isinstance(instance, Library):
        return {"library": instance}
    more: dict[str, Any] = {}
    if isinstance(instance, Folder | Collection | Membership):
        more["library"] = instance.library
    if isinstance(instance, Membership):
        role = Role(instance.role).name.lower()
        more |= {"name": instance.user.get_username(), "data": {"role": role, "user": instance.user_id}}
    if isinstance(instance, Identity):
        more["data"] = {"user": instance.user_id, "issuer": instance.issuer, "subject": instance.subject}
    if isinstance(instance, FolderGrant):
        to = {"user": instance.user_id} if instance.user_id else {"group": instance.group_id}
        more["library"] = instance.folder.library
        more["name"] = instance.grantee
        more["data"] = {
            "role": Role(instance.role).name.lower(),
            "folder": str(instance.folder_id),
            "folder_name": instance.folder.name,
            **to,
        }
    if isinstance(instance, ApiKey | PersonalToken):
        owner = instance.owner if isinstance(instance, ApiKey) else instance.user
        more["data"] = {"owner": owner.get_username(), "scopes": list(instance.scopes)}
    return more


@receiver(user_logged_in)
def logged_in(sender: Any, user: User, request: HttpRequest, **kwargs: Any) -> None:
    by = MEANS.get(request.session.get(BACKEND_SESSION_KEY, ""), "")
    audit.record(Event.SIGNED_IN, user, user=user, via=by, data={"by": by or "password"})


@receiver(user_logged_out)
def logged_out(sender: Any, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        audit.record(Event.SIGNED_OUT, user, user=user)


@receiver(user_login_failed)
def login_failed(sender: Any, credentials: dict[str, Any], **kwargs: Any) -> None:
    """The name is what was tried: nobody may have it."""
    with transaction.atomic():
        audit.record(Event.SIGN_IN_FAILED, name=str(credentials.get("username", "")))
