"""How REST answers become JSON. Apart from `dam.rest`, whose imports need it."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import JSONRenderer


class Renderer(JSONRenderer):
    """The same JSON in a quarter of the time."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if data is not None and self.get_indent(accepted_media_type or "", dict(renderer_context or {})) is None:
            try:
                written = orjson.dumps(data, self.encoder_class().default, orjson.OPT_PASSTHROUGH_DATETIME)
            except orjson.JSONEncodeError:  # such as integers of more than 64 bits
                pass
            else:
                return written.replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029")
        return super().render(data, accepted_media_type, renderer_context)
