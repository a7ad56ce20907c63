"""Secrets that sign, and so have to be read again: encrypted at rest with a key that is derived from SECRET_KEY."""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """It was sealed under another SECRET_KEY."""


def seal(secret: str) -> str:
    return _box(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS).encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """Raises Unreadable."""
    try:
        return _box(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable from None


@lru_cache
def _box(*secret_keys: str) -> MultiFernet:
    """Encrypts with the first key and decrypts with any, so that SECRET_KEY can be changed by way of its fallbacks."""

    def derived(secret_key: str) -> bytes:
        return HKDF(SHA256(), length=32, salt=None, info=b"api-key secrets").derive(secret_key.encode())

    return MultiFernet([Fernet(base64.urlsafe_b64encode(derived(secret_key))) for secret_key in secret_keys])
