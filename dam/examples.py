"""Examples of every request and answer in the schema, put together from one value per name.

So they follow the schemas by themselves. What a schema cannot say (of these, give exactly one) stands in WHOLE.
"""

import base64
from typing import Any

Described = dict[str, Any]  # a JSON Schema

ID = "0e9f6c1e-5d0c-4a53-9b8e-2c1f6f0a7d11"
MOMENT = "2026-05-31T12:00:00Z"
BOX = {"x": 0.1, "y": 0.2, "width": 0.5, "height": 0.6}
# By the name of a property or parameter: what does not fit its schema is passed over.
NAMED: dict[str, list[Any]] = {
    "access": ["eyJhbGciOi…"],
    "action": ["keep_this_one", "tag"],
    "alt_text": ["A lighthouse before a red sky"],
    "api_key": ["6f1ed002ab5595859014"],
    "band": ["strong"],
    "bounding_box": [BOX, '{"x": 0.1, "y": 0.2, "width": 0.5, "height": 0.6}'],
    "box": [BOX],
    "bytes": [2401733],
    "camera": ["FUJIFILM X-T5"],
    "caption": ["a lighthouse at dusk"],
    "code": ["duplicate"],
    "colors": [[["#d1495b", 0.41]], {"red": 0.41}],
    "cursor": [None],
    "dataset_name": ["Harbour"],
    "description": ["Evening over the harbour"],
    "detail": ["This library already has this picture."],
    "display_name": ["Harbour at dusk"],
    "distance": [0.13],
    "exif": [{"Make": "FUJIFILM"}],
    "export_task_id": ["WyIwZTlmNmMx…"],
    "failure": [None],
    "file_name": ["harbour.jpg"],
    "format": ["jpeg", "coco"],
    "height": [2000, 0.6],
    "image_url": ["https://example.org/harbour.jpg"],
    "label": ["lighthouse"],
    "language": ["english"],
    "metadata": [{"project": "Coast"}],
    "mime_type": ["image/jpeg"],
    "model": ["ViT-B-32/laion2b_s34b_b79k"],
    "name": ["Harbour"],
    "next_cursor": [None],
    "not_text": [["people"]],
    "on_duplicate": ["reject"],
    "orientation": ["landscape"],
    "owned_by": ["ann"],
    "parent": [None],
    "progress": [100],
    "public_id": ["harbour-at-dusk-0e9f6c1e"],
    "reasons": [["visual", "tag:harbour"]],
    "region": [None],
    "role": ["manager", "editor"],
    "row": ["line 7"],
    "scopes": [["read", "write"]],
    "score": [0.87],
    "sha256": ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    "slug": ["harbour"],
    "sort": ["-created_at"],
    "state": ["ready"],
    "status": ["ready", "ok"],
    "status_new": ["READY"],
    "tags": [["harbour", "dusk"]],
    "text": ["a lighthouse at dusk"],
    "token": ["dam_R3m0…"],
    "took_ms": [{"encode": 9.1, "search": 4.2, "total": 14.8}],
    "url": ["https://example.org/harbour.jpg"],
    "username": ["ann"],
    "value": ["red"],
    "vql": ['[{"labels": {"op": "one_of", "value": ["boat"]}}]', [{"labels": {"op": "one_of", "value": ["boat"]}}]],
    "weights": [{"text": 2}],
    "width": [3000, 0.5],
}
FORMATS = {
    "uuid": ID,
    "date-time": MOMENT,
    "date": MOMENT[:10],
    "time": "12:00:00",
    "uri": f"https://library.example.org/api/v1/assets/{ID}/file/",
    "email": "ann@example.org",
    "binary": "(bytes)",
    "byte": base64.b64encode(b"(bytes)").decode(),
}
TYPES = {"string": "text", "integer": 3, "number": 0.5, "boolean": True, "null": None}
KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
# Of components whose members depend on each other.
WHOLE: dict[str, Any] = {
    "TokenRequestRequest": {"username": "ann", "password": "…"},
    "SearchRequestRequest": {"text": "a lighthouse at dusk", "not_text": ["people"], "filters": {"tags": ["harbour"]}},
    "JsonSearchRequestRequest": {"text": "a lighthouse at dusk", "filters": {"tags": ["harbour"]}},
    "JsonAnchorRequestRequest": {"asset": ID, "box": BOX},
    "AnchorRequestRequest": {"asset": ID, "box": BOX},
    "DecisionRequestRequest": {"action": "keep_this_one", "assets": [ID, ID[::-1].replace("-", "")], "keep": ID},
    "MediaRequestRequest": {"files": ["(bytes)"]},
}
FAILURES = {
    "400": ("limit must be a whole number from 1 to 500.", "bad_limit"),
    "401": ("This token is not valid: it is unknown, revoked or expired.", "authentication_failed"),
    "403": ("Your role in this library does not allow this.", "forbidden"),
    "404": ("There is nothing here, or you may not see it.", "not_found"),
    "406": ("Could not satisfy the request Accept header.", "not_acceptable"),
    "409": ("Something that this needs was changed or removed at this moment. Nothing was done: try again.",
            "changed_meanwhile"),
    "410": ("This upload was not continued in time, and what had arrived was removed. Begin it again.",
            "upload_expired"),
    "411": ("Say how long the upload is: send a Content-Length.", "length_required"),
    "412": ("This has changed since you read it. Read it again, and decide anew.", "changed"),
    "413": ("This file is larger than 40 MB.", "too_large"),
    "415": ('Unsupported media type "text/csv" in request.', "unsupported_media_type"),
    "422": ("This Idempotency-Key was used for another request within the last 24 hours. Take a new one.",
            "idempotency_key_reused"),
    "429": ("Request was throttled. Expected available in 12 seconds.", "throttled"),
    "460": ("This part did not arrive as it was sent: its checksum differs. Nothing of it was kept: send it again.",
            "checksum_mismatch"),
    "503": ("The server is busy. Try again in a moment.", "busy"),
}  # fmt: skip


def add_examples(result: Described, **_context: Any) -> Described:
    """A hook of drf-spectacular: to every request, answer and path parameter that has none."""
    examples = Examples(result.get("components", {}).get("schemas", {}))
    for methods in result["paths"].values():
        for operation in methods.values():
            examples.add(operation)
    return result


class Examples:
    def __init__(self, components: dict[str, Described]) -> None:
        self.components = components

    def add(self, operation: Described) -> None:
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path" and "example" not in parameter:
                parameter["example"] = self.of(parameter["schema"], parameter["name"], whole=True)
        for content in operation.get("requestBody", {}).get("content", {}).values():
            self.complete(content, self.of(content["schema"], "", whole=False))
        for status, response in operation["responses"].items():
            for content in response.get("content", {}).values():
                self.complete(content, self.failure(status, content) or self.of(content["schema"], "", whole=True))

    @staticmethod
    def complete(content: Described, example: Any) -> None:
        if "examples" not in content:
            content.setdefault("example", example)

    def failure(self, status: str, content: Described) -> Any:
        if status not in FAILURES:
            return None
        detail, code = FAILURES[status]
        members = self.resolved(content["schema"]).get("properties", {})
        return {name: value for name, value in {"detail": detail, "code": code}.items() if name in members}

    def resolved(self, schema: Described) -> Described:
        return self.components[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema

    def of(self, schema: Described, name: str, *, whole: bool) -> Any:
        """A value of this schema: of objects all members, or those that are required or known by name."""
        component = schema.get("$ref", "").rpartition("/")[2]
        if component in WHOLE:
            return WHOLE[component]
        schema = self.resolved(schema)
        for given in [schema.get("example"), *schema.get("examples", [])]:
            if given is not None:
                return given
        for value in NAMED.get(name, []):
            if self.fits(value, schema):
                return value
        for alternatives in ("oneOf", "anyOf", "allOf"):
            if alternatives in schema:
                return self.of(schema[alternatives][0], name, whole=whole)
        if values := [value for value in schema.get("enum", []) if value not in (None, "")]:
            return values[0]
        return self.of_type(schema, name, whole=whole)

    def of_type(self, schema: Described, name: str, *, whole: bool) -> Any:
        types = types_of(schema)
        if "object" in types or "properties" in schema:
            required = schema.get("required", [])
            return {
                member: self.of(described, member, whole=whole)
                for member, described in schema.get("properties", {}).items()
                if whole or member in required or member in NAMED
            }
        if "array" in types:
            return [self.of(schema["items"], name, whole=whole)] if schema.get("items") else []
        if "string" in types and schema.get("format") in FORMATS:
            return FORMATS[schema["format"]]
        if not types:
            return {}
        value = TYPES[types[0]]
        return max(value, schema["minimum"]) if "minimum" in schema else value

    def fits(self, value: Any, schema: Described) -> bool:
        """Roughly: the test of the schema validates all examples."""
        schema = self.resolved(schema)
        if alternatives := schema.get("oneOf") or schema.get("anyOf"):
            return any(self.fits(value, one) for one in alternatives)
        if "allOf" in schema:
            return self.fits(value, schema["allOf"][0])
        if "enum" in schema:
            return value in schema["enum"]
        if "format" in schema and schema["format"] != "uri" and isinstance(value, str):
            return False
        types = types_of(schema)
        if isinstance(value, list) and "array" in types:
            return all(self.fits(item, schema.get("items", {})) for item in value)
        if isinstance(value, dict) and "object" in types:
            more = schema.get("additionalProperties") or {}
            known = schema.get("properties", {})
            return all(name in known or (not known and self.fits(item, more)) for name, item in value.items())
        return not types or kind_of(value) in types


def types_of(schema: Described) -> list[str]:
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else types


def kind_of(value: Any) -> str:
    return KINDS.get(type(value), "null")
