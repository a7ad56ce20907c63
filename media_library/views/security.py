"""How one signs in: password, second factor, and the browsers in which one is signed in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import segno
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dam.errors import AppError, NotFound
from media_library import audit, sessions
from media_library import second_factor as factors
from media_library.forms import input_attrs
from media_library.lockout import LockedOut
from media_library.models import SecondFactor, Session
from media_library.oidc import accounts
from media_library.sealing import seal, unseal
from media_library.signing_in import passwords_let_in
from media_library.views.request import PageRequest
from media_library.views.signing_in import CodeForm, refused

ASKED = ["GET", "HEAD", "POST"]
BEING_SET_UP = "second-factor"  # in the session while it is set up, sealed


class WrongPassword(AppError):
    code = "wrong_password"
    status = 403
    message = gettext_lazy("That is not your password.")


class PasswordForm(PasswordChangeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.update(input_attrs())
        self.fields["new_password1"].help_text = gettext_lazy("At least 8 characters, none that many people use.")


class ConfirmForm(forms.Form):
    """That it is really them: an open browser is not enough to change how somebody signs in."""

    password = forms.CharField(
        label=gettext_lazy("Your password"),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs=input_attrs(autocomplete="current-password")),
    )


class SetUpForm(CodeForm, ConfirmForm):
    """A code, which shows that the application has the secret, and the password."""

    field_order = ("code", "password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = gettext_lazy("The six digits that the application shows now.")
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


@dataclass(frozen=True)
class Row:
    session: Session
    device: str
    is_this: bool


@login_required
@never_cache
@require_safe
def security(request: PageRequest) -> HttpResponse:
    rows = [
        Row(session, sessions.device(session.agent), session.session_key == request.session.session_key)
        for session in sessions.of(request.user)
    ]
    factor = factors.of(request.user)
    left = factor.recovery_codes.filter(used_at=None).count() if factor else 0
    context = {
        "rows": rows,
        "factor": factor,
        "codes_left": left,
        "has_password": passwords_let_in(request.user),
        "provider": settings.OIDC_NAME if settings.OIDC_ISSUER else "",
        "identity": accounts.of(request.user),
    }
    return render(request, "account/security.html", context)


@login_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(ASKED)
def password(request: PageRequest) -> HttpResponse:
    """All other browsers are signed out then."""
    require_password(request)
    form, problem = PasswordForm(request.user, request.POST if request.method == "POST" else None), None
    status = 400 if form.is_bound else 200
    if request.method == "POST":
        try:
            if given := request.POST.get("old_password"):
                confirm(request, given)
        except WrongPassword as error:
            status = error.status  # the form says so, beside the field
        except LockedOut as error:  # an answer of the form would still tell whether the guess was right
            form, problem = PasswordForm(request.user), error
        if form.is_valid():
            with transaction.atomic():
                form.save()
                audit.record(audit.Event.PASSWORD_CHANGED, request.user)
            update_session_auth_hash(request, request.user)
            sessions.end_all(request.user, but=request.session.session_key)
            messages.success(request, _("Your password is changed. All other browsers are signed out."))
            return redirect("security")
    shown = render(request, "account/password.html", {"form": form, "problem": problem})
    if problem:
        return refused(shown, problem)
    shown.status_code = status
    return shown


def require_password(request: PageRequest) -> None:
    """Raises NotFound for who signs in by a provider alone: it looks after passwords and second factors."""
    if not passwords_let_in(request.user):
        raise NotFound


def confirm(request: PageRequest, given: str) -> None:
    """Raises WrongPassword and LockedOut: whoever sits at an open browser may not guess for ever."""
    if authenticate(request, username=request.user.get_username(), password=given) is None:
        raise WrongPassword


@login_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(ASKED)
def second_factor(request: PageRequest) -> HttpResponse:
    """Set it up: a QR code with a secret of this session, and the first code of the application that has read it."""
    require_password(request)
    if factors.of(request.user):
        return redirect("security")
    form, problem = SetUpForm(request.POST if request.method == "POST" else None), None
    if request.method != "POST" or BEING_SET_UP not in request.session:
        request.session.setdefault(BEING_SET_UP, seal(factors.new_secret()))
    secret = unseal(request.session[BEING_SET_UP])
    if form.is_valid():
        try:
            confirm(request, form.cleaned_data["password"])
            codes = factors.set_up(request.user, secret, form.cleaned_data["code"])
        except AppError as error:
            problem = error
        else:
            del request.session[BEING_SET_UP]
            return render(request, "account/recovery_codes.html", {"codes": codes, "is_new": True})
    code = segno.make(factors.address(request.user, secret), error="m")
    context = {
        "form": form,
        "problem": problem,
        "picture": code.svg_data_uri(scale=5, border=3, light="white"),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    }
    shown = render(request, "account/second_factor.html", context)
    return refused(shown, problem) if problem else shown


@login_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(ASKED)
def remove_second_factor(request: PageRequest) -> HttpResponse:
    factor = own_factor(request)

    def deed() -> HttpResponse:
        factors.remove(factor)
        messages.success(request, _("The second factor is removed: your password is enough again."))
        return redirect("security")

    question = {
        "title": _("Remove the second factor?"),
        "sentence": _("Your password alone will be enough to sign in. Recovery codes stop working."),
        "button": _("Remove"),
        "danger": True,
    }
    return once_confirmed(request, question, deed)


@login_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(ASKED)
def recovery_codes(request: PageRequest) -> HttpResponse:
    """New ones, in place of those that there are."""
    factor = own_factor(request)
    question = {
        "title": _("Make new recovery codes?"),
        "sentence": _("Those that you have stop working."),
        "button": _("Make new codes"),
    }

    def deed() -> HttpResponse:
        return render(request, "account/recovery_codes.html", {"codes": factors.new_recovery_codes(factor)})

    return once_confirmed(request, question, deed)


def once_confirmed(request: PageRequest, question: dict[str, Any], deed: Callable[[], HttpResponse]) -> HttpResponse:
    """Ask for the password, and do it then. `question`: what account/confirm.html shows."""
    form, problem = ConfirmForm(request.POST if request.method == "POST" else None), None
    if form.is_valid():
        try:
            confirm(request, form.cleaned_data["password"])
        except AppError as error:
            problem = error
        else:
            return deed()
    shown = render(request, "account/confirm.html", {"form": form, "problem": problem, **question})
    return refused(shown, problem) if problem else shown


def own_factor(request: PageRequest) -> SecondFactor:
    """Raises NotFound."""
    factor = factors.of(request.user)
    if factor is None:
        raise NotFound
    return factor


@login_required
@require_POST
def end_session(request: PageRequest, handle: UUID) -> HttpResponse:
    rows = Session.objects.filter(user=request.user, handle=handle)
    if not sessions.end(rows):
        raise NotFound
    messages.success(request, _("That browser is signed out."))
    return redirect("security")


@login_required
@require_POST
def end_sessions(request: PageRequest) -> HttpResponse:
    """Everywhere else, or with `here` in this browser, too."""
    if request.POST.get("here"):
        sessions.end_all(request.user)
        request.session.flush()
        return redirect("login")
    count = sessions.end_all(request.user, but=request.session.session_key)
    said = ngettext("One other browser is signed out.", "%(count)d other browsers are signed out.", count)
    messages.success(request, said % {"count": count})
    return redirect("security")
