"""The second factor of signing in: codes of an application (TOTP), and recovery codes for when that is lost.

Asked for wherever a password is the first one. Tokens and API keys are what programs have instead of both.
"""

import secrets
import time

import pyotp
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError
from media_library.models import RecoveryCode, SecondFactor, User
from media_library.sealing import Unreadable, seal, unseal

STEP = 30  # seconds
DRIFT = 1  # steps that a clock may be behind or ahead
RECOVERY_CODES = 10
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # without what is mistaken for another one
ISSUER = "Media Library"


class WrongCode(AppError):
    code = "wrong_code"
    status = 401
    message = _("This code is not right, or it was used before. Codes change every 30 seconds: try the next one.")


class CodeRequired(AppError):
    code = "second_factor_required"
    status = 401
    message = _("This account has a second factor: send its “code”, too. Programs better use a token or an API key.")


class AlreadySetUp(AppError):
    code = "second_factor_set_up"
    status = 409
    message = _("There is a second factor already. Remove it first.")


def of(user: User) -> SecondFactor | None:
    return SecondFactor.objects.filter(user=user).first()


def new_secret() -> str:
    """160 random bits in base 32."""
    return pyotp.random_base32()


def address(user: User, secret: str) -> str:
    """What the QR code says (otpauth://)."""
    return pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=user.get_username(), issuer_name=ISSUER)


def set_up(user: User, secret: str, code: str) -> list[str]:
    """Gives the recovery codes, to be shown this once. Raises WrongCode and AlreadySetUp."""
    step = step_of(secret, code)
    if step is None:
        raise WrongCode
    try:
        with transaction.atomic():
            factor = SecondFactor.objects.create(user=user, sealed_secret=seal(secret), last_step=step)
            return new_recovery_codes(factor)
    except IntegrityError:
        raise AlreadySetUp from None


def remove(factor: SecondFactor) -> None:
    factor.delete()


@transaction.atomic
def new_recovery_codes(factor: SecondFactor) -> list[str]:
    """In place of those that there were."""
    factor.recovery_codes.all().delete()
    codes = [
        "-".join("".join(secrets.choice(ALPHABET) for _n in range(8)) for _m in range(2))
        for _k in range(RECOVERY_CODES)
    ]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(factor=factor, digest=RecoveryCode.hash(plain(code))) for code in codes
    )
    return codes


def check(factor: SecondFactor, code: str) -> str:
    """Which kind of code this is, "code" or "recovery code". Each counts once. Raises WrongCode."""
    given, now = plain(code), timezone.now()
    step = step_of_factor(factor, given)
    # Of two requests with the same code, one changes the row.
    if step and SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step).update(last_step=step, used_at=now):
        return "code"
    if factor.recovery_codes.filter(digest=RecoveryCode.hash(given), used_at=None).update(used_at=now):
        return "recovery code"
    raise WrongCode


def plain(code: str) -> str:
    """As people type it."""
    return "".join(code.lower().replace("-", "").split())[:100]


def step_of_factor(factor: SecondFactor, code: str) -> int | None:
    try:
        return step_of(unseal(factor.sealed_secret), code)
    except Unreadable:  # the server's secret key was changed; recovery codes still are what they were
        return None


def step_of(secret: str, code: str) -> int | None:
    """The step, of those around now, whose code this is."""
    now, given = int(time.time()) // STEP, plain(code)
    totp = pyotp.TOTP(secret, interval=STEP)
    right = [
        step for step in range(now - DRIFT, now + DRIFT + 1) if constant_time_compare(totp.generate_otp(step), given)
    ]
    return right[-1] if right else None
