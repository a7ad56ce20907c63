from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ErrorDetail
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.serializer_helpers import ReturnDict

from dam.rendering import Renderer


class Color(StrEnum):
    RED = "red"


VALUES: list[Any] = [
    None,
    {"b": 1, "a": [True, False, None, 0.1, -2.5, 2**53, 2**63 - 1]},
    {"more": 2**64, "than": -(2**70)},
    {1: "a number as a name", None: 2},
    UUID(int=7),
    [datetime(2024, 1, 2, 3, 4, 5), datetime(2024, 1, 2, 3, 4, 5, 678, UTC)],
    datetime(2024, 1, 2, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
    [date(2024, 2, 29), time(12, 30), timedelta(minutes=1.5), Decimal("1.5")],
    [gettext_lazy("Viewer"), mark_safe("<b>"), ErrorDetail("Wrong.", "wrong"), Color.RED],
    ReturnDict({"a": (1, 2)}, serializer=None),
    [np.float32(0.5), np.float64(0.25), np.arange(3)],
    '"\\/ \b\f\n\r\t \x00\x1f\x7f é 漢 😀 \u2028\u2029',
    "half of a pair: \ud83d",
]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("accepted", ["application/json", "application/json; indent=2"])
def test_json_is_written_as_the_framework_writes_it(value: Any, accepted: str) -> None:
    def written(renderer: JSONRenderer) -> bytes | type[Exception]:
        try:
            return renderer.render(value, accepted, {})
        except Exception as error:  # noqa: BLE001
            return type(error)

    assert written(Renderer()) == written(JSONRenderer())
