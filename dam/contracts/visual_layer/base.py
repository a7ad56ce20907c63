"""What all views of the dialect share: the dataset, the caller, parameters, and failures as `{"detail": "<sentence>"}`.

Failures have the documented statuses only: what the native API tells with 411, 413 and 415, or with 422 for a picture
that cannot be decoded, is 400 here.
"""

import math
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dam.contracts.visual_layer.schemas import LONGEST_NAME, DetailSerializer
from dam.errors import AppError, InvalidRequest, NotFound
from dam.parsing import JsonParser
from dam.rest import handle_exception
from media_library.api.base import caller
from media_library.models import Library, User
from media_library.parameters import require_text
from media_library.refusals import BadImage
from search.anchors import NoModel
from search.models.cluster import LEVELS
from search.query import IMAGES, OBJECTS

BAD_REQUEST = {411, 413, 415}
MOST_DIGITS = 9


class NotReady(AppError):
    code = "not_ready"
    status = 409
    message = _("The dataset is not READY.")


class DialectView(APIView):
    tags = ["visual layer"]
    error_serializer = DetailSerializer
    statuses = dict.fromkeys(BAD_REQUEST, 400)  # in the schema, as `status_of` has it
    parser_classes = [MultiPartParser, FormParser, JsonParser]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        view: Any = super().as_view(**initkwargs)
        view.failure_response = failure_response  # for what is refused before a view is reached
        return view

    def get_exception_handler(self) -> Any:
        return tell

    @property
    def user(self) -> User:
        return caller(self.request)


class DatasetView(DialectView):
    @cached_property
    def library(self) -> Library:
        """What the caller may not see does not exist for them, and neither does what is no id."""
        pk = uuid_or_none(self.kwargs["dataset_id"])
        library = Library.objects.open_to(self.request.user).filter(pk=pk).first() if pk else None
        if library is None:
            raise NotFound(_("There is no such dataset, or you may not see it."))
        return library


def status_of(error: Exception, status: int) -> int:
    if isinstance(error, NoModel):
        return NotReady.status
    return 400 if status in BAD_REQUEST or isinstance(error, BadImage) else status


def tell(error: Exception, context: dict[str, Any]) -> Response | None:
    response = handle_exception(error, context)
    if response is not None:
        response.data = {"detail": str(response.data["detail"])}
        response.status_code = status_of(error, response.status_code)
    return response


def failure_response(request: HttpRequest, error: AppError) -> HttpResponse:
    return JsonResponse({"detail": str(error.message)}, status=status_of(error, error.status))


def uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def null() -> JsonResponse:
    """What there is to say of something that is gone; REST framework would leave the body empty."""
    return JsonResponse(None, safe=False)


# --- parameters -------------------------------------------------------------------------------------------------------


def given(request: Request) -> dict[str, Any]:
    """What stands in the body, and in the address, which comes first."""
    if not isinstance(request.data, dict):
        raise InvalidRequest(_("The body must be a form or a JSON object."))
    params = {**dict(request.data.items()), **request.query_params.dict()}
    require_text(params)
    return params


def name_of(params: Mapping[str, Any], name: str) -> str:
    """A text on one line. Raises InvalidRequest without one."""
    text = params.get(name)
    line = " ".join(text.split()) if isinstance(text, str) else ""
    if not line or len(line) > LONGEST_NAME:
        raise InvalidRequest(_("%(name)s is required, of at most 200 characters.") % {"name": name})
    return line


def required_entity_type(params: Mapping[str, Any]) -> str:
    value = params.get("entity_type")
    if value not in (IMAGES, OBJECTS):
        raise InvalidRequest(_("entity_type is required: IMAGES or OBJECTS."))
    return value


def level_or_none(params: Mapping[str, Any]) -> int | None:
    text = params.get("threshold")
    if text in (None, ""):
        return None
    if text not in [str(level) for level in range(LEVELS)]:
        raise InvalidRequest(_("threshold must be a whole number from 0 (finest) to 4 (coarsest)."))
    return int(text)


def page_number(params: Mapping[str, Any]) -> int:
    text = str(params.get("page_number") or "0")
    if not (text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS):
        raise InvalidRequest(_("page_number must be a whole number from 0."))
    return int(text)


def share_or_none(params: Mapping[str, Any], name: str) -> float | None:
    """A number from 0 to 1."""
    text = params.get(name)
    if text in (None, ""):
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise InvalidRequest(_("%(name)s must be a number from 0 to 1.") % {"name": name})
    return number
