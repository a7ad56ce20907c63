"""Photographs made blurred, dark or bright on purpose, and harmlessly different: truth for the facts of pictures."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter

Distortion = Callable[[Image.Image], Image.Image]
GREY = (128, 128, 128)


def mapped(picture: Image.Image, change: Callable[[np.ndarray], np.ndarray]) -> Image.Image:
    """`change` takes and gives values of 0 to 255."""
    return Image.fromarray(change(np.asarray(picture).astype(np.float32)).clip(0, 255).astype(np.uint8))


def out_of_focus(share: float) -> Distortion:
    """A Gaussian with this standard deviation, as a share of the longer side."""
    return lambda picture: picture.filter(ImageFilter.GaussianBlur(max(picture.size) * share))


def moved(share: float, degrees: float = 0) -> Distortion:
    """The camera moved by this share of the longer side, in this direction."""

    def move(picture: Image.Image) -> Image.Image:
        turned = picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=GREY)
        steps = range(max(round(max(picture.size) * share), 2))
        layers = [np.roll(np.asarray(turned), step, axis=1).astype(np.float32) for step in steps]
        back = mapped(turned, lambda _: np.mean(layers, axis=0)).rotate(-degrees, Image.Resampling.BICUBIC)
        left, upper = (back.width - picture.width) // 2, (back.height - picture.height) // 2
        return back.crop((left, upper, left + picture.width, upper + picture.height))

    return move


def noisy(picture: Image.Image) -> Image.Image:
    noise = np.random.default_rng(picture.width * picture.height).normal(0, 4, (picture.height, picture.width, 1))
    return mapped(picture, lambda values: values + noise)


def compressed(picture: Image.Image) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=60)
    return Image.open(file).convert("RGB")


def flat(picture: Image.Image) -> Image.Image:
    """Little contrast, as in fog."""
    return mapped(picture, lambda values: values * 0.35 + 80)


def exposed(stops: float) -> Distortion:
    """So many stops more light, or less, in a camera that does not recover what it clips."""

    def expose(values: np.ndarray) -> np.ndarray:
        return 255 * ((values / 255) ** 2.2 * 2**stops).clip(0, 1) ** (1 / 2.2)

    return lambda picture: mapped(picture, expose)


def same(picture: Image.Image) -> Image.Image:
    return picture


def both(first: Distortion, second: Distortion) -> Distortion:
    return lambda picture: second(first(picture))


HARMLESS: dict[str, Distortion] = {
    "as it is": same,
    "noisy": noisy,
    "compressed": compressed,
    "flat": flat,
    "one stop darker": exposed(-1),
    "half a stop lighter": exposed(0.5),
}
BLURRED: dict[str, Distortion] = {
    "out of focus, 0.5 %": out_of_focus(0.005),
    "out of focus, 1 %": out_of_focus(0.01),
    "out of focus, 2 %": out_of_focus(0.02),
    "1 %, noisy": both(out_of_focus(0.01), noisy),
    "1 %, compressed": both(out_of_focus(0.01), compressed),
    "1 %, flat": both(out_of_focus(0.01), flat),
    "moved by 2 %": moved(0.02),
    "moved by 3 %": moved(0.03),
    "moved by 3 %, slanting": moved(0.03, 40),
}
DARKENED: dict[str, Distortion] = {f"{stops} stops less": exposed(-stops) for stops in (3, 4, 5)}
BRIGHTENED: dict[str, Distortion] = {f"{stops} stops more": exposed(stops) for stops in (2, 3, 4)}
