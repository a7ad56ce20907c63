"""Who belongs to a library, and in which role. Managers decide; a library always keeps one."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, NotFound
from media_library import audit
from media_library.constraints import refusing
from media_library.models import Library, Membership, Role, User


class UnknownUser(AppError):
    code = "unknown_user"
    status = 400
    message = _("There is nobody with this user name who may sign in.")


class AlreadyMember(AppError):
    code = "already_member"
    status = 409
    message = _("This user is a member already. Change their role instead.")


class LastManager(AppError):
    code = "last_manager"
    status = 409
    message = _("A library needs a manager. Make somebody else one first.")


@transaction.atomic
def add(library: Library, by: User, username: str, role: Role) -> Membership:
    """Raises Forbidden below manager, UnknownUser and AlreadyMember."""
    library.require(by, Role.MANAGER)
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise UnknownUser
    with refusing("one_role_per_member", AlreadyMember):
        return Membership.objects.create(library=library, user=user, role=role)


@transaction.atomic
def change(member: Membership, by: User, role: Role) -> Membership:
    """Raises Forbidden below manager, and LastManager."""
    member.library.require(by, Role.MANAGER)
    if role < Role.MANAGER:
        keep_a_manager(member)
    if not Membership.objects.filter(pk=member.pk).update(role=role):
        raise NotFound
    member.role = role
    audit.record(
        audit.Event.MEMBER_CHANGED,
        member,
        library=member.library,
        name=member.user.get_username(),
        data={"role": role.name.lower(), "user": member.user_id},
    )
    return member


@transaction.atomic
def remove(member: Membership, by: User) -> None:
    """What they have uploaded and made stays. Raises Forbidden below manager, and LastManager."""
    member.library.require(by, Role.MANAGER)
    keep_a_manager(member)
    member.delete()


def keep_a_manager(member: Membership) -> None:
    """Raises LastManager unless somebody else can manage the library. One transaction at a time asks."""
    member.library.lock()
    managers = Membership.objects.filter(library=member.library_id, role=Role.MANAGER)
    is_manager = managers.filter(pk=member.pk).exists()
    if is_manager and not managers.exclude(pk=member.pk).filter(user__is_active=True).exists():
        raise LastManager
