"""Webhooks, and the log of what was sent to them. For the managers of a library."""

from typing import Any

from django.db import transaction
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dam.errors import InvalidRequest, NotFound
from media_library import deliveries, dialects
from media_library.api.base import PAGING, caller, validated
from media_library.api.libraries import listing
from media_library.api.webhook_serializers import (
    DELIVERY,
    WEBHOOK,
    DeliverySerializer,
    NewWebhookSerializer,
    WebhookChangesSerializer,
    WebhookSerializer,
    WebhookWithSecretSerializer,
)
from media_library.models import Delivery, Library, Role, Webhook
from media_library.models.webhook import WebhookQuerySet
from media_library.paging import limit_of, page
from media_library.parameters import one, uuid_of
from media_library.scopes import ADMINISTERED

MOST = 50  # in one library
TEST = "webhook.test"


class TooManyWebhooks(InvalidRequest):
    code = "too_many_webhooks"


def listed(rows: Any, params: Any, serializer: Any) -> Response:
    shown = page(rows, limit=limit_of(params.get("limit")), cursor=params.get("cursor", ""))
    return Response({"results": serializer(shown.items, many=True).data, "next_cursor": shown.next_cursor})


def native(user: Any) -> WebhookQuerySet:
    return Webhook.objects.managed_by(user).filter(dialect="native")


class Webhooks(APIView):
    scopes = ADMINISTERED
    failures = {"POST": (404,)}  # of the library

    @extend_schema(
        operation_id="webhooks_list",
        parameters=[OpenApiParameter("library", OpenApiTypes.UUID), *PAGING],
        responses={200: listing("WebhookList", WebhookSerializer)},
        examples=[OpenApiExample("Webhooks", {"results": [WEBHOOK], "next_cursor": None}, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Those of the libraries that the caller manages, or of one of them; the newest first."""
        webhooks = native(request.user)
        if library := one(request.query_params, "library"):
            webhooks = webhooks.filter(library=uuid_of(library, "library"))
        return listed(webhooks, request.query_params, WebhookSerializer)

    @extend_schema(
        request=NewWebhookSerializer,
        responses={201: WebhookWithSecretSerializer},
        examples=[
            OpenApiExample(
                "New webhook",
                {name: WEBHOOK[name] for name in ("library", "url", "events")},
                request_only=True,
            ),
            OpenApiExample("Made", WEBHOOK | {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw…"}, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        """Have an address told what happens in a library (managers). The answer has the secret, this once."""
        data = validated(NewWebhookSerializer(data=request.data))
        library = Library.objects.visible_to(request.user).filter(pk=data.pop("library")).first()
        if library is None:
            raise NotFound
        library.require(request.user, Role.MANAGER)
        if library.webhooks.filter(dialect="native").count() >= MOST:
            raise TooManyWebhooks(_("A library can have at most %(most)d webhooks.") % {"most": MOST})
        webhook = Webhook(library=library, created_by=caller(request), **data)
        secret = webhook.make_secret()
        webhook.save()
        return Response(WebhookSerializer(webhook).data | {"secret": secret}, status.HTTP_201_CREATED)


class WebhookView(APIView):
    """A view below `/webhooks/{webhook_id}/`. For whom the webhook is not, it does not exist."""

    scopes = ADMINISTERED

    @cached_property
    def webhook(self) -> Webhook:
        webhook = native(self.request.user).filter(pk=self.kwargs["webhook_id"]).first()
        if webhook is None:
            raise NotFound
        return webhook


class WebhookDetail(WebhookView):
    @extend_schema(
        responses={200: WebhookSerializer},
        examples=[OpenApiExample("Webhook", WEBHOOK, response_only=True)],
    )
    def get(self, request: Request, webhook_id: str) -> Response:
        """One webhook, and why it was switched off if it was."""
        return Response(WebhookSerializer(self.webhook).data)

    @extend_schema(
        request=WebhookChangesSerializer,
        responses={200: WebhookSerializer},
        examples=[
            OpenApiExample("Switch on again", {"active": True}, request_only=True),
            OpenApiExample("Webhook", WEBHOOK, response_only=True),
        ],
    )
    def patch(self, request: Request, webhook_id: str) -> Response:
        """Change its address or events, or switch it off and on. What is still to be sent goes to the new address."""
        self.webhook.change(**validated(WebhookChangesSerializer(data=request.data)))
        if self.webhook.is_active:
            transaction.on_commit(deliveries.request_if_due, robust=True)
        return self.get(request, webhook_id)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, webhook_id: str) -> Response:
        """Remove it with its log; what is still to be sent is not sent."""
        self.webhook.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class WebhookTest(WebhookView):
    @extend_schema(
        request=None,
        responses={200: DeliverySerializer},
        examples=[OpenApiExample("What came of it", DELIVERY | {"event": TEST}, response_only=True)],
    )
    def post(self, request: Request, webhook_id: str) -> Response:
        """Send a message of the type `webhook.test` now, once, and tell what came of it."""
        message = dialects.Native().delivery(self.webhook, TEST, {"url": self.webhook.url})
        return Response(DeliverySerializer(deliveries.send_now(message)).data)


class Deliveries(WebhookView):
    @extend_schema(
        operation_id="webhooks_deliveries_list",
        parameters=[OpenApiParameter("state", OpenApiTypes.STR, enum=Delivery.State.values), *PAGING],
        responses={200: listing("DeliveryList", DeliverySerializer)},
        examples=[OpenApiExample("Log", {"results": [DELIVERY], "next_cursor": None}, response_only=True)],
    )
    def get(self, request: Request, webhook_id: str) -> Response:
        """What was or is to be sent, with every attempt; the newest first. What is done is kept for 14 days."""
        rows = self.webhook.deliveries.prefetch_related("attempts")
        if state := one(request.query_params, "state"):
            if state not in Delivery.State.values:
                raise InvalidRequest(_("state is pending, delivered or given_up."), code="bad_parameter")
            rows = rows.filter(state=state)
        return listed(rows, request.query_params, DeliverySerializer)


class DeliveryReplay(WebhookView):
    @extend_schema(
        request=None,
        responses={202: DeliverySerializer},
        examples=[OpenApiExample("To be sent again", DELIVERY, response_only=True, status_codes=["202"])],
    )
    def post(self, request: Request, webhook_id: str, delivery_id: str) -> Response:
        """Send it again, with the same id and body, and with retries."""
        delivery = self.webhook.deliveries.filter(pk=delivery_id).select_related("webhook").first()
        if delivery is None:
            raise NotFound
        delivery.replay()
        transaction.on_commit(deliveries.request, robust=True)
        return Response(DeliverySerializer(delivery).data, status.HTTP_202_ACCEPTED)
