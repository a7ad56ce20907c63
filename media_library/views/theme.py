"""Light, dark, or as the system says: kept in a cookie, so that the first paint is already right."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from dam.errors import InvalidRequest
from media_library.forms import ThemeForm
from media_library.views.request import back_to

YEAR = 31536000


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    form = ThemeForm(request.POST)
    if not form.is_valid():
        raise InvalidRequest
    response = back_to(request, form.cleaned_data["next"], "home")
    response.set_cookie("theme", form.cleaned_data["theme"], max_age=YEAR, samesite="Lax")
    return response
