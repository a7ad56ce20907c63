"""Why somebody was not signed in: a sentence for them, and `because` for the audit log and the administrator."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, StrOrPromise


class NotSignedIn(AppError):
    """`because` may say more than they are told. `%(name)s` in the sentence is the provider's name."""

    code = "not_signed_in"
    status = 403

    def __init__(self, because: str = "", **named: str) -> None:
        sentence: StrOrPromise = type(self).message
        super().__init__(str(sentence) % {"name": settings.OIDC_NAME, **named})
        self.because = because or self.code


class ProviderAway(NotSignedIn):
    code = "provider_away"
    status = 503
    retry_after = 30
    message = _("%(name)s cannot be asked at the moment. Try again in a minute.")


class Denied(NotSignedIn):
    code = "denied"
    message = _("%(name)s did not let you in, or you have cancelled. Begin again if that was a mistake.")


class StateLost(NotSignedIn):
    code = "state_lost"
    status = 400
    message = _("This took too long, was begun in another browser, or was done already. Begin again.")


class Rejected(NotSignedIn):
    code = "rejected"
    status = 502
    message = _("%(name)s refused to say who you are (%(error)s). Begin again; if that does not help, tell an "
                "administrator.")  # fmt: skip


class Untrusted(NotSignedIn):
    code = "untrusted"
    status = 502
    message = _("What %(name)s said of you could not be trusted, so nobody was signed in. Tell an administrator.")


class UnknownPerson(NotSignedIn):
    code = "unknown_person"
    message = _("%(name)s knows you, but there is no account for you here. Ask an administrator to make one.")


class SwitchedOff(NotSignedIn):
    code = "switched_off"
    message = _("Your account here is switched off. Ask an administrator.")


class NoName(NotSignedIn):
    code = "no_name"
    message = _("%(name)s gave no user name that can be used here. Tell an administrator.")


class NameTaken(NotSignedIn):
    code = "name_taken"
    status = 409
    message = _("There is an account “%(username)s” already. If it is yours, sign in with its password and connect it "
                "under “Password and sign-in”; if not, ask an administrator.")  # fmt: skip


class OfSomebodyElse(NotSignedIn):
    code = "of_somebody_else"
    status = 409
    message = _("This account of %(name)s is connected with another account here. Nothing was changed.")
