"""Signing in: the password, then a code from who has a second factor."""

import time
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import load_backend, login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from dam.errors import AppError, Forbidden
from media_library import second_factor
from media_library.chips import address
from media_library.forms import input_attrs
from media_library.lockout import LockedOut
from media_library.models import SecondFactor, User
from media_library.signing_in import NoPasswords, check_code
from media_library.views.request import back_to

WAITING = "password-was-right"  # in the session of who has not given their code yet
WAITS_SECONDS = 600


class NoAdministrator(Forbidden):
    code = "no_administrator"
    message = _("The administration is for administrators. Sign out first to sign in as one.")


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=100,
        widget=forms.TextInput(
            attrs=input_attrs(autofocus=True, autocomplete="one-time-code", autocapitalize="none", spellcheck="false")
        ),
        help_text=_("From your authenticator application, or one of your recovery codes."),
    )


@method_decorator(never_cache, name="dispatch")
class SignIn(LoginView):
    redirect_authenticated_user = True
    http_method_names = ["get", "head", "post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().post(request, *args, **kwargs)
        except (LockedOut, NoPasswords) as problem:
            context = self.get_context_data(form=AuthenticationForm(request), problem=problem)
            return refused(self.render_to_response(context), problem)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        ways = {
            "provider": settings.OIDC_NAME if settings.OIDC_ISSUER else "",
            "passwords": settings.PASSWORDS,
        }
        return super().get_context_data(**ways, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        factor = second_factor.of(user)
        if factor is None:
            return super().form_valid(form)
        # Whoever knew the password is nobody yet: only this view's sister reads it.
        self.request.session[WAITING] = {
            "user": user.pk, "at": time.time(), "next": self.get_redirect_url(),
            "password": user.get_session_auth_hash(),
        }  # fmt: skip
        return redirect("login-code")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The second step. Who has not taken the first one, or a while ago, is sent back to it."""
    waiting = request.session.get(WAITING) or {}
    user = known(waiting)
    if user is None:
        return redirect(address("/accounts/login/", [("next", waiting["next"])] if waiting.get("next") else []))
    form, problem = CodeForm(request.POST if request.method == "POST" else None), None
    if form.is_valid():
        try:
            factor = SecondFactor.objects.filter(user=user).first()
            if factor is not None:  # an administrator may have removed it meanwhile
                check_code(request, factor, form.cleaned_data["code"])
        except AppError as error:
            problem = error
        else:
            del request.session[WAITING]
            login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
            return back_to(request, waiting["next"], "home")
    shown = render(request, "registration/code.html", {"form": form, "problem": problem, "name": user.get_username()})
    return refused(shown, problem) if problem else shown


def known(waiting: dict[str, Any]) -> User | None:
    """Whose password it was, if that still is theirs."""
    if not waiting or time.time() - waiting["at"] > WAITS_SECONDS:
        return None
    user = load_backend(settings.AUTHENTICATION_BACKENDS[0]).get_user(waiting["user"])
    return user if isinstance(user, User) and user.get_session_auth_hash() == waiting["password"] else None


def refused(response: HttpResponse, problem: AppError) -> HttpResponse:
    response.status_code = problem.status if problem.status != 401 else 200  # 401 would ask for a header
    if problem.retry_after:
        response["Retry-After"] = str(problem.retry_after)
    return response


@require_safe
def administration(request: HttpRequest) -> HttpResponse:
    """The administration has no sign-in of its own, which would know nothing of second factors."""
    if request.user.is_authenticated and not request.user.is_staff:
        raise NoAdministrator
    wanted = request.GET.get("next", "/admin/")
    if request.user.is_authenticated:
        return back_to(request, wanted, "admin:index")
    return redirect(address("/accounts/login/", [("next", wanted)]))
