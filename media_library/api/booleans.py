"""True and false, as the schema says."""

from typing import Any

from rest_framework import serializers
from rest_framework.utils.html import is_html_input

WORDS = {"true": True, "false": False}


class Boolean(serializers.BooleanField):
    """In JSON true and false, in forms the words for them; the framework's own takes 1, "y" and "on", too.

    Absent from a form, it is absent, and not false as an unticked box would be.
    """

    default_empty_html = serializers.empty

    def to_internal_value(self, data: Any) -> bool:
        if isinstance(data, str) and is_html_input(getattr(self.root, "initial_data", None)):
            data = WORDS.get(data.strip().lower(), data)
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data
