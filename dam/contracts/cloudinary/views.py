"""What all views of the dialect share: who asks, for which cloud, with which parameters, how often."""

from contextlib import AbstractContextManager
from typing import Any, cast

from django.utils.functional import cached_property
from django.utils.http import http_date
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.views import APIView

from dam.contracts.cloudinary import notifications, parameters
from dam.contracts.cloudinary.auth import SignedForm
from dam.contracts.cloudinary.errors import Unsupported, handle_error
from dam.contracts.cloudinary.parameters import Params
from dam.errors import NotFound
from dam.throttling import UserThrottle
from media_library import events
from media_library.auth import BearerAuthentication, KeyAuthentication
from media_library.models import ApiKey, Asset, AssetQuerySet, Library, User

IMAGES = {"image", "auto", "all"}


class FeatureRateThrottle(UserThrottle):
    """The rate of the whole REST API, told in headers."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        allowed = super().allow_request(request, view)
        if isinstance(view, CloudView):
            view.rate = {
                "X-FeatureRateLimit-Limit": str(self.num_requests),
                "X-FeatureRateLimit-Remaining": str(self.left),
                "X-FeatureRateLimit-Reset": http_date(self.now + self.duration),
            }
        return allowed


class CloudView(APIView):
    """A view below `/v1_1/{cloud}/`. What the caller may not see does not exist for them."""

    authentication_classes = [BearerAuthentication, KeyAuthentication, SignedForm]
    throttle_classes = [FeatureRateThrottle]
    schema = None  # described by those whose API it is
    has_delivery_type = True  # whether that is what the parameter `type` says

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate: dict[str, str] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if kwargs.get("resource_type", "image") not in IMAGES:
            raise Unsupported(_("This library holds images only."))
        given = parameters.text(self.params, "type", "upload") if self.has_delivery_type else "upload"
        if {given, kwargs.get("type", "upload")} != {"upload"}:
            raise Unsupported(_("The only delivery type here is upload."))
        self.library  # noqa: B018  a foreign cloud is told before anything else

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in self.rate.items():
            response[name] = value
        return response

    def get_exception_handler(self) -> Any:
        return handle_error

    @cached_property
    def params(self) -> Params:
        return parameters.of(self.request)

    @cached_property
    def library(self) -> Library:
        library = Library.objects.open_to(self.request.user).filter(slug=self.kwargs["cloud"]).first()
        if library is None:
            raise NotFound(_("There is no cloud %(name)s, or you may not see it.") % {"name": self.kwargs["cloud"]})
        return library

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    @property
    def key(self) -> ApiKey | None:
        """The API key that the caller uses, if it is one."""
        return self.request.auth if isinstance(self.request.auth, ApiKey) else None

    def notified(self, *types: str) -> AbstractContextManager[events.Gathering]:
        """A transaction. What happens in it and is of one of these types, `notification_url` is told instead of
        triggers, if the call names one."""
        return events.gathered(notifications.named(self.library, self.key, self.params, types))

    @property
    def assets(self) -> AssetQuerySet:
        """The live assets of this cloud."""
        return Asset.objects.visible_to(self.request.user).live().filter(library=self.library)


class NoSuchCall(CloudView):
    """Whatever else is asked for below `/v1_1/`."""

    authentication_classes = []
    permission_classes = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound(_("There is no such call here. See docs/cloudinary.md."))
