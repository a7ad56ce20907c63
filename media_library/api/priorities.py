from typing import Any

from rest_framework import serializers

from media_library.models import Job


class PriorityField(serializers.ChoiceField):
    """`low`, `normal` or `high`."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", "Which jobs a free worker takes first.")
        super().__init__(choices=[level.name.lower() for level in Job.Priority], **options)

    def to_internal_value(self, data: Any) -> Any:
        return Job.Priority[super().to_internal_value(data).upper()]

    def to_representation(self, value: Any) -> str:
        return Job.Priority(value).name.lower()
