import json
from typing import Any

import pytest

from dam.errors import InvalidRequest
from media_library.renditions import Box


def sides(x: Any = 0.1, y: Any = 0.2, width: Any = 0.3, height: Any = 0.4) -> dict[str, Any]:
    return {"x": x, "y": y, "width": width, "height": height}


@pytest.mark.parametrize("raw", [sides(), json.dumps(sides()), sides("0.1", "0.2", "0.3", "0.4")])
def test_a_box_is_read_from_a_mapping_or_json(raw: Any) -> None:
    assert Box.parse(raw) == Box(0.1, 0.2, 0.3, 0.4)
    assert Box.parse(raw).as_dict() == sides()


def test_rounding_may_exceed_the_edge_a_little() -> None:
    assert Box.parse(sides(x=0.7, width=0.3 + 5e-7)).pixels(100, 100) == (70, 20, 100, 60)


@pytest.mark.parametrize(
    "raw",
    [
        sides(x=-0.1),
        sides(x=1),
        sides(y=1.5),
        sides(width=0),
        sides(height=-1),
        sides(x=0.8),
        sides(y=0.7),
        sides(x=float("nan")),
        sides(width=float("inf")),
        sides(x=None),
        sides(x="left"),
        sides(x=[0]),
        sides(x=True),
        {},
        [],
        None,
        7,
        "",
        "{",
        "[0.1, 0.2, 0.3, 0.4]",
        "7",
        "[" * 100_000,
        '{"x": 1e999, "y": 0, "width": 1, "height": 1}',
        '{"x": 1' + "0" * 400 + ', "y": 0, "width": 1, "height": 1}',
    ],
)
def test_a_bad_box(raw: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Box.parse(raw)
    assert (caught.value.code, caught.value.status) == ("bad_box", 400)
