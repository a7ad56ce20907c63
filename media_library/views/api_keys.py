"""API keys of the one who is signed in: made, shown once with their secret, revoked."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from dam.errors import NotFound
from media_library.forms import ApiKeyForm
from media_library.models import ApiKey
from media_library.views.request import PageRequest


@login_required
@never_cache  # the answer to a form shows a secret
@require_http_methods(["GET", "HEAD", "POST"])
def api_keys(request: PageRequest) -> HttpResponse:
    form = ApiKeyForm(request.POST or None)
    made = None
    if request.method == "POST" and form.is_valid():
        days = form.cleaned_data["days"]
        made = ApiKey.issue(
            request.user, form.cleaned_data["name"], timezone.now() + timedelta(days=int(days)) if days else None
        )
        form = ApiKeyForm()
    context = {"form": form, "made": made, "keys": ApiKey.objects.filter(owner=request.user)}
    return render(request, "media_library/api_keys.html", context)


@login_required
@require_POST
def revoke(request: PageRequest, slug: str) -> HttpResponse:
    key = ApiKey.objects.filter(key=slug, owner=request.user).first()
    if key is None:
        raise NotFound
    key.revoke()
    messages.success(request, _("“%(name)s” is revoked.") % {"name": key.name})
    return redirect("api-keys")
