"""Signing in by OpenID Connect: to the provider, back from it, and out again."""

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LogoutView
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from dam.errors import AppError, NotFound
from media_library import audit, signing_in
from media_library.oidc import accounts, flow, provider
from media_library.oidc.errors import NotSignedIn, SwitchedOff
from media_library.views.request import PageRequest, back_to, safe_target
from media_library.views.security import once_confirmed
from media_library.views.signing_in import SignIn, refused

BY = f"{accounts.Backend.__module__}.{accounts.Backend.__qualname__}"
GIVEN = "openid-given"  # in the session: the ID token, for signing out there


@never_cache
@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """A link, and no form: the content security policy would not let a form lead to another site."""
    require_on()
    next_page = safe_target(request, request.GET.get("next", ""))
    if request.user.is_authenticated:
        return back_to(request, next_page, "home")
    try:
        return HttpResponseRedirect(flow.begin(request, next_page))
    except NotSignedIn as error:
        return failed(request, error, next_page)


@never_cache
@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """Where the provider sends the browser back to. Failures count for the address that they come from."""
    require_on()
    next_page = ""
    try:
        begun = flow.resume(request)
        next_page = begun["next"]
        attempt = signing_in.begin("", request)
        done = flow.finish(request, begun)
        if done.link_to is not None:
            return connect(request, done)
        user = accounts.user_of(done.claims)
    except AppError as error:
        return failed(request, error, next_page)
    attempt.succeeded()
    login(request, user, backend=BY)
    request.session.set_expiry(settings.OIDC_SESSION_HOURS * 3600)
    request.session[GIVEN] = done.id_token
    return back_to(request, done.next, "home")


def connect(request: HttpRequest, done: flow.Finished) -> HttpResponse:
    """The account of who has asked for it, in the browser in which they are signed in. Raises NotSignedIn."""
    user = request.user
    if not user.is_authenticated or user.pk != done.link_to:
        raise SwitchedOff("somebody else is signed in by now")
    accounts.link(user, done.claims)
    messages.success(request, _("Your account is connected with %(name)s.") % {"name": settings.OIDC_NAME})
    return redirect("security")


def failed(request: HttpRequest, error: AppError, next_page: str) -> HttpResponse:
    """The sentence on the page for signing in; or on the page of who is signed in already."""
    if isinstance(error, NotSignedIn):
        with transaction.atomic():
            data = {"because": error.because, "by": "OpenID Connect"}
            audit.record(audit.Event.SIGN_IN_FAILED, name=settings.OIDC_NAME, via="OpenID Connect", data=data)
    if request.user.is_authenticated:
        messages.error(request, str(error.message))
        return redirect("security")
    shown = SignIn.as_view(extra_context={"problem": error, "next": next_page})(request)
    return refused(cast(HttpResponse, shown), error)


@login_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def connection(request: PageRequest) -> HttpResponse:
    """Connect one's account with the provider's, or end that. It takes the password."""
    require_on()
    if not signing_in.passwords_let_in(request.user):
        raise NotFound  # without the connection there would be no way in
    name = {"name": settings.OIDC_NAME}
    identity = accounts.of(request.user)
    if identity is None:
        question: dict[str, Any] = {
            "title": _("Connect with %(name)s?") % name,
            "sentence": _("You then can sign in with %(name)s, too. On the next page it asks who you are there.")
            % name,
            "button": _("Connect"),
        }
        return once_confirmed(request, question, lambda: onward(request))

    def deed() -> HttpResponse:
        identity.delete()
        messages.success(request, _("Your account is no longer connected with %(name)s.") % name)
        return redirect("security")

    question = {
        "title": _("Disconnect from %(name)s?") % name,
        "sentence": _("Your password alone will let you in."),
        "button": _("Disconnect"),
        "danger": True,
    }
    return once_confirmed(request, question, deed)


def onward(request: PageRequest) -> HttpResponse:
    """A page with the link to the provider, to which a form could not lead."""
    url = flow.begin(request, link_to=request.user.pk)
    return render(request, "account/openid.html", {"url": url, "provider": settings.OIDC_NAME})


def require_on() -> None:
    """Raises NotFound where no provider is set."""
    if not provider.is_on():
        raise NotFound


class SignOut(LogoutView):
    """Here, and then at the provider if that was the way in and it offers it."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        id_token = request.session.get(GIVEN) if provider.is_on() else None
        response = super().post(request, *args, **kwargs)
        if id_token:
            back = request.build_absolute_uri(reverse("login"))
            response["Location"] = provider.sign_out_address(id_token, back) or response["Location"]
        response["Clear-Site-Data"] = '"cache"'  # nobody after them leafs back through their pages and pictures
        return response
