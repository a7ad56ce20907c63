"""What is set in the environment."""

from collections.abc import Iterator

from django.conf import settings

from dam.doctor import Check, Finding, ok, problem, warning
from dam.embedded.preflight import is_loopback

SHORTEST_KEY = 40


def secret_key() -> Iterator[Finding]:
    key, name = settings.SECRET_KEY, "secret key"
    kept = settings.DATA_DIR / "secret_key"
    if len(key) < SHORTEST_KEY or len(set(key)) < 10 or key.startswith("django-insecure"):
        yield problem(
            name,
            f"DAM_SECRET_KEY is short or easily guessed ({len(key)} characters).",
            "Set it to 50 random characters: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'. "
            "Everybody signs in anew then, and API keys have to be made again.",
        )
    elif kept.exists() and kept.read_text().strip() == key and kept.stat().st_mode & 0o077:
        yield problem(name, f"Others on this machine may read {kept}.", f"chmod 600 {kept}")
    else:
        yield ok(name, "It is long and random.")


def debug() -> Iterator[Finding]:
    if settings.DEBUG:
        yield problem("debug", "DAM_DEBUG is on: errors show code and settings to everybody.", "Unset DAM_DEBUG.")
    else:
        yield ok("debug", "It is off.")


def hosts() -> Iterator[Finding]:
    name, allowed = "allowed hosts", settings.ALLOWED_HOSTS
    if "*" in allowed:
        yield problem(
            name,
            "DAM_ALLOWED_HOSTS lets any name through, so that a stranger can forge links in messages.",
            "Name the hosts under which people open the library.",
        )
    elif all(map(is_loopback_host, allowed)) and not is_loopback_host(hostname(settings.PUBLIC_URL)):
        yield problem(
            name,
            f"DAM_ALLOWED_HOSTS has loopback names only, and DAM_PUBLIC_URL is {settings.PUBLIC_URL}.",
            f"Add {hostname(settings.PUBLIC_URL)} to DAM_ALLOWED_HOSTS.",
        )
    else:
        yield ok(name, ", ".join(allowed))


def https() -> Iterator[Finding]:
    name = "https"
    public = [host for host in settings.ALLOWED_HOSTS if not is_loopback_host(host)]
    if settings.HTTPS:
        if not settings.PUBLIC_URL.startswith("https://"):
            advice = "Set DAM_PUBLIC_URL to the address that people open, with https://."
            yield warning(name, f"DAM_PUBLIC_URL is {settings.PUBLIC_URL}: links in messages are wrong.", advice)
        else:
            yield ok(name, "Cookies are sent by HTTPS only, and browsers are told to stay with it.")
    elif public:
        yield warning(
            name,
            f"The library answers to {public[0]} without HTTPS: passwords and pictures travel readably.",
            "Put a proxy with HTTPS before it, which sets X-Forwarded-Proto, and set DAM_HTTPS=true.",
        )
    else:
        yield ok(name, "It is off, and only this machine reaches the library.")


def sign_in() -> Iterator[Finding]:
    """Whether the provider of OpenID Connect answers, and is who it is taken for."""
    from media_library.oidc import provider
    from media_library.oidc.errors import NotSignedIn

    name, issuer = "sign-in", settings.OIDC_ISSUER
    if not issuer:
        yield ok(name, "By passwords.")
        return
    try:
        provider.load_metadata()
        keys = provider.keys(anew=True).keys
    except NotSignedIn as error:
        yield problem(
            name,
            f"Nobody can sign in by {settings.OIDC_NAME}: {error.because}.",
            "See that DAM_OIDC_ISSUER is what its own document says, and that this machine reaches it.",
        )
        return
    if not keys:
        yield problem(name, f"{settings.OIDC_NAME} has no keys for signatures.", "See what its jwks_uri answers.")
    elif not issuer.startswith("https://"):
        advice = "Use its address with https://, unless nobody can listen between the two machines."
        yield warning(name, f"{issuer} is asked without HTTPS: who stands between can sign in as anybody.", advice)
    else:
        yield ok(name, f"By {settings.OIDC_NAME}; with passwords: {settings.PASSWORDS}.")


def hostname(url: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(url).hostname or ""


def is_loopback_host(host: str) -> bool:
    return is_loopback(host.strip("[]"))


CHECKS = [
    Check("secret key", secret_key),
    Check("debug", debug),
    Check("allowed hosts", hosts),
    Check("https", https),
    Check("sign-in", sign_in),
]
