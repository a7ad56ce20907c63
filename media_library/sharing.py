"""Share links: made, listed and revoked by members; opened by anybody who has the address. See docs/sharing.md.

`opened` decides whether a link opens, `assets_of` what it shows. Everything below `/s/` starts there; no other address
asks for a link.
"""

import hashlib
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.core import signing
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dam.cache import take
from dam.errors import AppError, Forbidden, InvalidRequest, NotFound
from media_library import audit, ingest
from media_library.filters import AssetFilters, ranked_in
from media_library.models import Asset, AssetQuerySet, Collection, Role, ShareLink, User

DAYS = (1, 7, 30, 90, 365)
DEFAULT_DAYS = 30
MIN_PASSWORD, MAX_PASSWORD = 6, 128
UNLOCKED_SECONDS = 12 * 60 * 60
TRIES, TRIES_IN_ALL = 5, 30  # at a password, in a minute: of one address, of all
ARCHIVES, ARCHIVES_IN_ALL = 20, 600  # that are made of a link in an hour: for one address, for all
RANKED_SECONDS = 60  # what a collection finds by a search is asked anew after that
SALT = "share-link"


class Gone(AppError):
    """Expired or revoked, what it showed is gone, or who made it may not see that any more."""

    code = "link_gone"
    status = 410
    message = _("This link is not valid any more. Ask whoever sent it for a new one.")


class Locked(AppError):
    code = "password_required"
    status = 403
    message = _("This link needs its password first.")


class WrongPassword(AppError):
    code = "wrong_password"
    status = 403
    message = _("That is not the password.")


class TooManyTries(AppError):
    code = "too_many_tries"
    status = 429
    retry_after = 60
    message = _("That was tried too often. Wait a minute, and try again.")


class TooManyArchives(AppError):
    code = "too_many_downloads"
    status = 429
    retry_after = 600
    message = _("All of this was downloaded too often lately. Wait a while, or download the pictures one by one.")


# --- by members -------------------------------------------------------------------------------------------------------


def make(
    user: User,
    shared: Asset | Collection,
    *,
    days: int = DEFAULT_DAYS,
    password: str = "",
    downloads: bool = True,
) -> tuple[ShareLink, str]:
    """A link and, this once, the token that makes its address. Contributors share what they uploaded, editors all.

    Raises InvalidRequest, Forbidden or NotFound.
    """
    require_share(user, shared)
    if not 1 <= days <= max(DAYS):
        raise InvalidRequest(_("A link is valid for 1 to 365 days."), code="bad_days")
    if password and not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InvalidRequest(_("A password has 6 to 128 characters."), code="bad_password")
    token = ShareLink.new_token()
    with transaction.atomic():
        link = create(user, shared, days, password, token, downloads=downloads)
        audit.record(audit.Event.LINK_MADE, link, library=shared.library, name=str(shared), data=about(link))
    return link, token


def create(
    user: User, shared: Asset | Collection, days: int, password: str, token: str, *, downloads: bool
) -> ShareLink:
    return ShareLink.objects.create(
        library=shared.library,
        asset=shared if isinstance(shared, Asset) else None,
        collection=shared if isinstance(shared, Collection) else None,
        digest=ShareLink.hash(token),
        password=make_password(password) if password else "",
        downloads=downloads,
        created_by=user,
        expires_at=timezone.now() + timedelta(days=days),
    )


def about(link: ShareLink) -> dict[str, Any]:
    """What the audit log says of it."""
    shared = {"asset": str(link.asset_id)} if link.asset_id else {"collection": str(link.collection_id)}
    return shared | {"expires_at": link.expires_at.isoformat(), "password": bool(link.password)}


def require_share(user: User, shared: Asset | Collection) -> None:
    """A collection may hold what others uploaded, so it takes an editor. Raises Forbidden, NotFound, InvalidRequest."""
    if isinstance(shared, Collection):
        shared.library.require(user, Role.EDITOR)
        return
    ingest.require_edit(shared, user)
    if shared.deleted_at:
        raise InvalidRequest(_("This picture is in the trash. Restore it first."), code="in_trash", status=409)


def revoke(link: ShareLink, user: User) -> None:
    """From the next request on, nothing below its address answers. Raises Forbidden or NotFound."""
    link.library.require_somewhere(user, Role.CONTRIBUTOR)
    if not ShareLink.objects.visible_to(user, link.library).filter(pk=link.pk).exists():
        raise Forbidden
    end(link)


@transaction.atomic
def end(link: ShareLink) -> None:
    if ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now()):
        named = str(link.asset or link.collection)
        audit.record(audit.Event.LINK_REVOKED, link, library=link.library, name=named, data=about(link))


# --- by whoever has the address ---------------------------------------------------------------------------------------


def opened(token: str, proof: str) -> ShareLink:
    """The link, if it opens. `proof` is what `unlock` gave. Raises NotFound, Gone or Locked."""
    link = found(token)
    if link.password and not is_proof(link, proof):
        raise Locked
    return link


def found(token: str) -> ShareLink:
    """The link, unless it does not open for anybody. Raises NotFound or Gone."""
    links = ShareLink.objects.select_related("library", "asset", "collection__library", "created_by")
    link = links.filter(digest=ShareLink.hash(token)).first()
    if link is None:
        raise NotFound
    maker = link.created_by
    if link.state != "active" or maker is None:
        raise Gone
    roles = link.library.roles_of(maker)
    if (roles.at(link.asset.folder_id) if link.asset else roles.in_general) is None:
        raise Gone
    if link.asset and link.asset.deleted_at:
        raise Gone
    return link


def unlock(token: str, password: str, address: str) -> str:
    """The proof that somebody knows the password. Raises TooManyTries, WrongPassword, NotFound or Gone."""
    link = found(token)
    if not has_room(f"share-{link.pk}", address, TRIES, TRIES_IN_ALL, seconds=60):
        raise TooManyTries
    if not check_password(password, link.password):
        raise WrongPassword
    return signing.dumps(fingerprint(link), salt=SALT)


def require_archive(link: ShareLink, address: str) -> None:
    """Count one more ZIP file that is made for this address. Raises NotFound where there is none, TooManyArchives."""
    if not (link.downloads and link.collection):
        raise NotFound
    if not has_room(f"share-zip-{link.pk}", address, ARCHIVES, ARCHIVES_IN_ALL, seconds=3600):
        raise TooManyArchives


def has_room(key: str, address: str, limit: int, limit_of_all: int, *, seconds: int) -> bool:
    """Count one more of something, unless there were so many in so many seconds from the address, or from all."""
    now = time.time()
    return all(take(*counted, seconds, now)[0] for counted in ((f"{key}-{address}", limit), (key, limit_of_all)))


def is_proof(link: ShareLink, proof: str) -> bool:
    try:
        return bool(signing.loads(proof, salt=SALT, max_age=UNLOCKED_SECONDS) == fingerprint(link))
    except signing.BadSignature:
        return False


def fingerprint(link: ShareLink) -> str:
    return hashlib.sha256(f"{link.pk} {link.password}".encode()).hexdigest()


@transaction.atomic
def note_opening(link: ShareLink) -> None:
    named = str(link.asset or link.collection)
    audit.record(audit.Event.LINK_USED, link, library=link.library, name=named, via="share link")
    ShareLink.objects.filter(pk=link.pk).update(opened=F("opened") + 1, opened_at=timezone.now())


def assets_of(link: ShareLink) -> AssetQuerySet:
    """The other door, beside `Asset.objects.visible_to`: what an opened link shows. Raises Gone where a collection
    cannot be asked any more."""
    there = Asset.objects.seen_in(link.library, link.created_by).live().filter(state=Asset.State.READY)
    collection = link.collection
    if collection is None:
        return there.filter(share_links=link)
    if collection.is_manual:
        return there.placed_in(collection)
    try:
        if collection.is_search:
            return there.filter(pk__in=ranked(link, collection))
        return AssetFilters(collection.library, collection=collection).apply(there, link.created_by)
    except AppError as error:
        raise Gone from error


def order_of(link: ShareLink) -> str:
    """A column of `assets_of`: a collection as it was filled, or else the newest first."""
    return "position" if link.collection and link.collection.is_manual else "-created_at"


def ranked(link: ShareLink, collection: Collection) -> list[UUID]:
    """What the search of a collection finds, as its maker would find it; each thumbnail would look anew."""
    key = f"share-ranked-{link.pk}"
    kept: list[UUID] | None = cache.get(key)
    if kept is None:
        if link.created_by is None:
            raise Gone
        kept = ranked_in(collection, link.created_by)
        cache.set(key, kept, RANKED_SECONDS)
    return kept


def asset_of(link: ShareLink, asset_id: UUID) -> Asset:
    """Raises NotFound for what the link does not show."""
    asset = assets_of(link).filter(pk=asset_id).first()
    if asset is None:
        raise NotFound
    return asset
