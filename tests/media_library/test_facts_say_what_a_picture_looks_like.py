import numpy as np
import pytest
from PIL import Image, ImageColor, ImageDraw, ImageFilter

from media_library import colours
from media_library.facts import Facts, measure, orientation, size, traits


def checkerboard(side: int = 400, field: int = 25) -> Image.Image:
    rows, columns = np.indices((side, side)) // field
    return Image.fromarray(np.where((rows + columns) % 2, 230, 40).astype(np.uint8)).convert("RGB")


def noise(level: float = 60, seed: int = 1) -> Image.Image:
    values = np.random.default_rng(seed).normal(128, level, (400, 400, 3)).clip(0, 255)
    return Image.fromarray(values.astype(np.uint8))


def of(picture: Image.Image) -> list[str]:
    return traits(measure(picture), *picture.size)


@pytest.mark.parametrize("name", colours.NAMES)
def test_a_square_of_a_colour_has_that_colour_alone(name: str) -> None:
    code = colours.EXAMPLES[name].split()[0]
    facts = measure(Image.new("RGB", (300, 300), f"#{code}"))
    assert facts.colors == {name: 1.0}


def test_most_of_the_colours_that_css_names_are_called_so() -> None:
    named = {
        css: next(name for name in colours.NAMES if css.replace("gray", "grey").endswith(name))
        for css in ImageColor.colormap
        if css.replace("gray", "grey").endswith(colours.NAMES)
    }
    rgb = np.array([ImageColor.getrgb(css) for css in named], np.uint8)
    found = [next(iter(colours.shares(row[None]))) for row in colours.oklab(rgb)]
    right = sum(wanted == name for wanted, name in zip(named.values(), found, strict=True))
    assert right / len(named) > 0.75  # the rest are neighbours, as dark blue and navy are


def test_colours_are_shares_of_the_picture() -> None:
    picture = Image.new("RGB", (400, 400), "white")
    ImageDraw.Draw(picture).rectangle((0, 0, 399, 119), fill="red")
    assert measure(picture).colors == pytest.approx({"white": 0.7, "red": 0.3}, abs=0.03)


def test_a_grey_ramp_is_grey_and_a_brown_one_is_not() -> None:
    ramp = Image.linear_gradient("L")
    assert "grey" in of(ramp.convert("RGB"))
    brown = Image.merge("RGB", (ramp, ramp.point(lambda value: value * 0.8), ramp.point(lambda value: value * 0.6)))
    assert "grey" not in of(brown)


@pytest.mark.parametrize("radius", [4, 8, 16])
def test_a_blurred_checkerboard_is_blurry(radius: int) -> None:
    assert "issue:blurry" in of(checkerboard().filter(ImageFilter.GaussianBlur(radius)))


def test_moving_the_camera_blurs_too() -> None:
    board = np.asarray(checkerboard()).astype(np.float32)
    moved = np.mean([np.roll(board, step, axis=1) for step in range(16)], axis=0)
    assert "issue:blurry" in of(Image.fromarray(moved.astype(np.uint8)))


@pytest.mark.parametrize("contrast", [1, 0.3])
def test_sharp_edges_are_not_blurry_however_faint(contrast: float) -> None:
    assert "issue:blurry" not in of(checkerboard().point(lambda value: int(100 + contrast * (value - 128))))


def test_one_sharp_part_is_enough() -> None:
    picture = checkerboard().filter(ImageFilter.GaussianBlur(10))
    picture.paste(checkerboard(150), (120, 120))
    assert "issue:blurry" not in of(picture)


@pytest.mark.parametrize(
    "picture", [noise(), noise(8), Image.new("RGB", (400, 300), "gray")], ids=["noise", "faint", "gray"]
)
def test_noise_and_uniform_pictures_are_not_blurry(picture: Image.Image) -> None:
    assert "issue:blurry" not in of(picture)


def test_a_uniform_picture_has_no_sharpness() -> None:
    assert measure(Image.new("RGB", (400, 300), "gray")).sharpness is None


@pytest.mark.parametrize(("level", "issues"), [(20, ["dark"]), (128, []), (252, ["bright"])])
def test_dark_and_bright(level: int, issues: list[str]) -> None:
    found = of(Image.new("RGB", (300, 200), (level, level, level)))
    assert [trait for trait in found if trait.startswith("issue:")] == [f"issue:{name}" for name in issues]


def test_a_lamp_at_night_is_not_called_dark_when_it_lights_a_fifth() -> None:
    picture = Image.new("RGB", (300, 300), (15, 15, 20))
    picture.paste((250, 220, 160), (0, 0, 300, 60))
    assert "issue:dark" not in of(picture)


def test_what_is_transparent_counts_for_nothing_else() -> None:
    picture = Image.new("RGBA", (200, 200), (0, 0, 255, 0))
    picture.paste((255, 0, 0, 255), (0, 0, 200, 50))
    facts = measure(picture)
    assert facts.transparency == pytest.approx(0.75, abs=0.03)
    assert facts.colors == {"red": 1.0}
    assert "transparent" in of(picture)


def test_nothing_but_transparency_has_no_colour_and_no_issue() -> None:
    found = of(Image.new("RGBA", (50, 50), (0, 0, 0, 0)))
    assert found == ["orientation:square", "size:small", "transparent"]


@pytest.mark.parametrize("shape", [(1, 1), (3, 2000), (2000, 3), (17, 17)])
def test_odd_shapes_have_facts_too(shape: tuple[int, int]) -> None:
    assert isinstance(measure(Image.new("RGB", shape, "teal")), Facts)


@pytest.mark.parametrize(
    ("shape", "named"),
    [((400, 300), "landscape"), ((300, 400), "portrait"), ((400, 390), "square"), ((105, 100), "square")],
)
def test_orientation(shape: tuple[int, int], named: str) -> None:
    assert orientation(*shape) == named


@pytest.mark.parametrize(
    ("shape", "named"),
    [((500, 500), "small"), ((1000, 1000), "medium"), ((3000, 2000), "large"), ((4000, 3000), "huge")],
)
def test_size_classes(shape: tuple[int, int], named: str) -> None:
    assert size(*shape) == named
