from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page

from tests.browser.steps import at_rest


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def id_of(found: Locator) -> str:
    return found.get_attribute("data-asset") or ""


def cards(page: Page) -> Locator:
    return page.locator("#grid > .card")


def box_of(tool: Locator) -> list[float]:
    return [
        float(tool.locator(f"[data-crop-side={side}]").input_value() or -1) for side in ("x", "y", "width", "height")
    ]


def at(page: Page, tool: Locator, x: float, y: float) -> tuple[float, float]:
    """Where this part of the picture is on the screen."""
    frame = at_rest(tool.locator("[data-crop-stage]")).bounding_box()
    assert frame
    return frame["x"] + frame["width"] * x, frame["y"] + frame["height"] * y


def stroke(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=5)
    page.mouse.up()
