"""Triggers: webhooks of one event type each, signed with the secret of the API key that has made them."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from dam.contracts.cloudinary import parameters
from dam.contracts.cloudinary.errors import Unsupported
from dam.contracts.cloudinary.notifications import ALL, TYPES, checked
from dam.contracts.cloudinary.resources import timestamp
from dam.contracts.cloudinary.views import CloudView
from dam.errors import InvalidRequest, NotFound
from media_library.models import Role, Webhook
from media_library.scopes import ADMINISTERED

MOST = 500  # in one cloud
UNSUPPORTED = ("filter", "payload_template", "additive")


class TriggersView(CloudView):
    scopes = ADMINISTERED

    has_delivery_type = False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.library.require(self.user, Role.MANAGER)

    @property
    def triggers(self) -> Any:
        return self.library.webhooks.filter(dialect="cloudinary")

    def trigger(self, trigger_id: str) -> Webhook:
        try:
            found = self.triggers.filter(pk=UUID(trigger_id)).first()
        except ValueError:
            found = None
        if found is None:
            raise NotFound(_("Trigger %(id)s not found") % {"id": trigger_id[:80]})
        return found

    def address(self, name: str) -> str:
        return checked(name, parameters.required(self.params, name).strip())


class Triggers(TriggersView):
    def get(self, request: Request, cloud: str) -> Response:
        found = self.triggers
        if event_type := parameters.text(self.params, "event_type"):
            found = found.filter(events=[event_type])
        listed = [body(trigger) for trigger in found]
        return Response({"triggers": listed, "total": len(listed)})

    def post(self, request: Request, cloud: str) -> Response:
        for option in UNSUPPORTED:
            if parameters.is_set(self.params, option):
                raise Unsupported.option(option)
        if parameters.text(self.params, "uri_type", "webhook") != "webhook":
            raise Unsupported(_("The only uri_type here is webhook."))
        event_type = parameters.required(self.params, "event_type")
        if event_type not in (ALL, *TYPES):
            raise InvalidRequest(
                _("event_type %(type)s is not raised here. It can be %(types)s.")
                % {"type": event_type[:80], "types": ", ".join((ALL, *TYPES))}
            )
        if self.key is None:
            raise InvalidRequest(_("What a trigger sends is signed with an API key, so make it with one."))
        if self.triggers.count() >= MOST:
            raise InvalidRequest(_("A cloud can have at most %(most)s triggers.") % {"most": MOST})
        made = Webhook.objects.create(
            library=self.library,
            dialect="cloudinary",
            url=self.address("uri"),
            events=[event_type],
            key=self.key,
            created_by=self.user,
        )
        return Response(body(made))


class Trigger(TriggersView):
    def put(self, request: Request, cloud: str, trigger_id: str) -> Response:
        """Another address. It is also how a trigger that was switched off is switched on again."""
        trigger = self.trigger(trigger_id)
        trigger.change(url=self.address("new_uri"), is_active=True)
        return Response({"message": _("Trigger %(id)s updated") % {"id": trigger.pk}} | body(trigger))

    def delete(self, request: Request, cloud: str, trigger_id: str) -> Response:
        self.trigger(trigger_id).delete()
        return Response({"message": _("Trigger %(id)s deleted") % {"id": trigger_id}})


class TriggerTest(TriggersView):
    def post(self, request: Request, cloud: str, trigger_id: str) -> Response:
        """Whether its filter lets sample data through: there are no filters here, so that it always does."""
        trigger = self.trigger(trigger_id)
        return Response({"trigger_id": str(trigger.pk), "filter_present": False, "filter_result": True})


def body(trigger: Webhook) -> dict[str, Any]:
    return {
        "id": str(trigger.pk),
        "product_environment_id": str(trigger.library_id),
        "uri": trigger.url,
        "uri_type": "webhook",
        "event_type": trigger.events[0],
        "created_at": timestamp(trigger.created_at),
        "updated_at": timestamp(trigger.updated_at),
        "active": trigger.is_active,
        "disabled_reason": trigger.disabled_reason or None,
    }
