"""Bands of the model that comes with the project, over drawings."""

from collections.abc import Iterator
from io import StringIO
from itertools import product
from pathlib import Path

import pytest
from django.core.management import call_command
from PIL import Image, ImageDraw

from media_library.models import Library, User
from search import embedders, unlabelled
from search.embedders import Embedder, offline, sources
from search.models import EmbeddingModel
from search.relevance import bands
from tests import factories
from tests.search.searching import run


@pytest.fixture
def offline_model(db: None) -> Iterator[tuple[EmbeddingModel, Embedder]]:
    embedders.reset()
    embedder = embedders.get_embedder(sources.resolve("offline"))
    row = EmbeddingModel.objects.create(
        name="Offline", source=offline.source(), dimensions=embedder.dimensions, state=EmbeddingModel.State.ACTIVE
    )
    yield row, embedder
    embedders.reset()


COLOURS = ("red", "blue", "green", "yellow")


SHAPES = ("circle", "square", "triangle")


def drawing(colour: str, shape: str, number: int) -> Image.Image:
    image = Image.new("RGB", (200, 200), "white")
    left, top, side = 10 + 3 * number, 50 - 4 * number, 90 + 7 * number
    draw = ImageDraw.Draw(image)
    if shape == "circle":
        draw.ellipse((left, top, left + side, top + side), fill=colour)
    elif shape == "square":
        draw.rectangle((left, top, left + side, top + side), fill=colour)
    else:
        draw.polygon([(left, top + side), (left + side, top + side), (left + side // 2, top)], fill=colour)
    return image


def test_a_concept_that_is_there_gets_strong_hits_and_one_that_is_not_gets_none(
    library: Library, user: User, offline_model: tuple[EmbeddingModel, Embedder], tmp_path: Path
) -> None:
    for colour, shape in product(COLOURS, SHAPES):
        folder = tmp_path / f"a-{colour}-{shape}"
        folder.mkdir()
        for number in range(0, 20, 2):
            drawing(colour, shape, number).save(folder / f"{number}.png")
    call_command("calibrate_model", photos=tmp_path, stdout=StringIO())
    model, embedder = offline_model
    held = [(colour, shape) for colour, shape in product(COLOURS, SHAPES) if colour != "blue"]
    for colour, shape in held:
        for vector in embedder.encode_images([drawing(colour, shape, number) for number in (1, 7, 13)]):
            factories.embedded(library, model, vector.tolist(), display_name=f"{colour} {shape}")
    found = run(library, user, "text=a yellow triangle")
    assert {hit.asset.display_name for hit in found.hits if hit.band == "strong"} == {"yellow triangle"}
    for absent in ("a blue square", "a blue circle", "a submarine", "people at a wedding", "an elephant"):
        assert run(library, user, f"text={absent}").strong == 0, absent


def test_what_comes_with_the_offline_model_calls_copies_strong_and_nothing_that_no_picture_shows(
    library: Library, user: User, offline_model: tuple[EmbeddingModel, Embedder]
) -> None:
    model, embedder = offline_model
    pictures = [drawing(colour, shape, 3) for colour, shape in product(COLOURS, SHAPES)]
    copies = unlabelled.changed(pictures[:1])
    first, *_others, copy = [
        factories.embedded(library, model, vector.tolist()) for vector in embedder.encode_images([*pictures, *copies])
    ]
    found = run(library, user, f"like={first.pk}")
    assert {first, copy} <= {hit.asset for hit in found.hits if hit.band == "strong"}
    assert found.hits[-1].band == "weak"
    for absent in ("a submarine", "people at a wedding", "an elephant", "a piano", "typewriter"):
        assert run(library, user, f"text={absent}").strong == 0, absent


def test_without_labels_a_text_has_to_be_nearer_than_unrelated_words(
    offline_model: tuple[EmbeddingModel, Embedder],
) -> None:
    _model, embedder = offline_model
    pictures = [drawing(colour, shape, number) for colour, shape in product(COLOURS, SHAPES) for number in (2, 9)]
    vectors = embedder.encode_images(pictures)
    words = embedder.encode_texts(unlabelled.UNRELATED)
    scales = unlabelled.scales(vectors, words, vectors, embedder.encode_images(unlabelled.changed(pictures)))
    text = bands(scales["text"], vectors @ words[0])
    assert (words @ vectors.T).max() < text.strong < 1
    assert bands(scales["image"], vectors @ vectors[0]).of(0) == "strong"
    assert "composed" not in scales
