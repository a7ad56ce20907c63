"""What the OpenAPI schema says of every endpoint without each view having to: how it fails, its summary, its tag.

A view adds what cannot be known from outside: `failures = {"POST": (422, 503)}`, beside what its `extend_schema` says.
"""

import re
from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.permissions import AllowAny

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
SENTENCE = re.compile(r"(?<=\.)\s|\n\s*\n")
WHY = {
    400: "Something in the request is not valid: malformed, of the wrong type, or of a value that cannot be.",
    401: "Not signed in, or with a token or key that is unknown, revoked or expired.",
    403: "The role, or the scopes of the token or key, do not suffice.",
    404: "It does not exist, or the caller may not see it: the two are never told apart.",
    406: "No answer in the type that `Accept` asks for.",
    409: "It is not in a state that allows this: `code` says why. With `Retry-After`, it will be.",
    410: "It was given up, or not continued in time, and what had arrived is gone.",
    411: "The length of the body is not said.",
    412: "It has changed since the version that `If-Match` names.",
    413: "The body is too large.",
    415: "The body is of a type that is not read here, or its file is none of the formats.",
    422: "Understood, and cannot be done: a picture that cannot be read, or an `Idempotency-Key` of another request.",
    429: "Too many requests. `Retry-After` says in how many seconds there is room for one more.",
    460: "The body did not arrive as it was sent: its checksum differs.",
    503: "Not ready, or too much to do. Try again after `Retry-After` seconds.",
}
KEY_NAME = "Idempotency-Key"
IDEMPOTENCY_KEY = {
    "name": KEY_NAME,
    "in": "header",
    "schema": {"type": "string", "pattern": r"^[\x21-\x7e]{1,255}$"},
    "description": "Sent again within 24 hours with the same key, the same request is done once and answered as the "
    "first time, with `Idempotency-Replayed: true`.",
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The `ETag` of what was read: 412, and nothing happens, if it has changed since.",
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The `ETag` of what was read: 304 if it has not changed since.",
}
ETAG = {"schema": {"type": "string"}, "description": "Of `GET`: for `If-Match` and `If-None-Match`."}
REPLAYED = {
    "schema": {"type": "string", "enum": ["true"]},
    "description": "This was answered before, to a request with the same `Idempotency-Key`.",
}
RETRY_AFTER = {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds."}


class Schema(AutoSchema):
    """The schema of one view."""

    def get_operation_id(self) -> str:
        """`assets_create` for POST /libraries/{library_id}/assets/: all but what it lies in."""
        full = super().get_operation_id()
        return full if full.count("_") == 1 else full.removeprefix("libraries_")

    def get_tags(self) -> list[str]:
        """The noun: what lies in a library, or else the first part of the path."""
        first, *rest = self._tokenize_path() or ["root"]
        return getattr(self.view, "tags", None) or [rest[0] if first == "libraries" and rest else first]

    def get_summary(self) -> str:
        """The first sentence of the docstring."""
        return " ".join(SENTENCE.split(self.get_description().strip())[0].split()).rstrip(".")

    def map_parsers(self) -> list[str]:
        """JSON wherever JSON is read: how values are written in forms, which are read there too, no schema can say."""
        kinds: list[str] = super().map_parsers()
        return ["application/json"] if "application/json" in kinds else kinds

    def _map_serializer_field(self, field: Any, direction: Any, *options: Any, **more: Any) -> Any:
        described = super()._map_serializer_field(field, direction, *options, **more)
        if direction == "request" and type(field) is serializers.CharField and not field.allow_blank:
            return described | ({"pattern": r"\S"} if field.trim_whitespace else {})
        return described

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        """With the `rules` of a serializer: what JSON Schema says of members that depend on each other."""
        described = super()._map_basic_serializer(serializer, direction)
        return described | (getattr(serializer, "rules", {}) if direction == "request" else {})

    def _process_override_parameters(self, direction: str = "request") -> Any:
        found = super()._process_override_parameters(direction)
        for (_name, location), parameter in found.items():
            if location == "query" and parameter and not parameter.get("required"):
                parameter["allowEmptyValue"] = True  # as if it were absent
        if self.is_idempotent:
            found[KEY_NAME, "header"] = IDEMPOTENCY_KEY
        if self.is_conditional:
            found["If-Match", "header"] = IF_MATCH
        if self.has_etag and self.method == "GET":
            found["If-None-Match", "header"] = IF_NONE_MATCH
        return found

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        """What the view says, and how it can fail."""
        bodies = super()._get_response_bodies(direction)
        if self.has_etag and self.method == "GET":
            headers = self._get_response_headers_for_code("304", direction)
            bodies["304"] = {"description": "It has not changed since.", "headers": headers}
        for status in sorted(self.failures):
            if str(status) not in bodies:
                told = OpenApiResponse(self.error_serializer, WHY.get(status) or HTTPStatus(status).phrase)
                bodies[str(status)] = self._get_response_for_code(told, str(status), ["application/json"], direction)
        return bodies

    def _get_response_headers_for_code(self, status_code: str, direction: Any = "response") -> dict[str, Any]:
        headers = super()._get_response_headers_for_code(status_code, direction)
        if status_code in {"429", "503"}:
            headers["Retry-After"] = RETRY_AFTER
        if self.has_etag and status_code in {"200", "304"}:
            headers["ETag"] = ETAG
        if self.is_idempotent and status_code < "300":
            headers["Idempotency-Replayed"] = REPLAYED
        return headers

    def _get_request_body(self, direction: Any = "request") -> Any:
        body = super()._get_request_body(direction)
        return body | {"required": True} if body and self.method != "PATCH" else body

    @property
    def handler(self) -> Any:
        return getattr(self.view, self.method.lower())

    @property
    def is_idempotent(self) -> bool:
        return getattr(self.handler, "is_idempotent", False)

    @property
    def is_conditional(self) -> bool:
        return getattr(self.handler, "is_conditional", False)

    @property
    def has_etag(self) -> bool:
        return getattr(self.view, "has_etag", False)

    @property
    def error_serializer(self) -> Any:
        from media_library.api.serializers import ErrorSerializer  # which reads the settings that name this class

        return getattr(self.view, "error_serializer", ErrorSerializer)

    @property
    def failures(self) -> set[int]:
        """By what can cause them."""
        view = self.view
        found = {400, *getattr(view, "failures", {}).get(self.method, ())}
        if AllowAny not in view.permission_classes:
            found |= {401, 403}
        if "{" in self.path:
            found.add(404)
        if view.content_negotiation_class is view.settings.DEFAULT_CONTENT_NEGOTIATION_CLASS:
            found.add(406)
        if self.method in UNSAFE:
            found |= {409, 411, 413}
            found |= {415} if self.method != "DELETE" else set()
        if self.is_idempotent:
            found.add(422)
        if self.is_conditional:
            found.add(412)
        if view.throttle_classes:
            found.add(429)
        return {getattr(view, "statuses", {}).get(status, status) for status in found}


def allow_overlaps(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: an empty list is one of images as well as one of objects, null is among anything."""
    for described in result.get("components", {}).get("schemas", {}).values():
        for member in described.get("properties", {}).values():
            if {} in member.get("oneOf", []):
                del member["oneOf"]
        if "oneOf" in described and all("$ref" in one for one in described["oneOf"]):
            described["anyOf"] = described.pop("oneOf")
    return result
