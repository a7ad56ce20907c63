"""The demo's pictures: enough of them, described, and always the same."""

from pathlib import Path

import numpy as np
from PIL import Image

from dam.embedded.pictures import collection
from dam.embedded.pictures.landscapes import LANDSCAPES


def test_there_are_more_than_sixty_with_titles_and_tags(tmp_path: Path) -> None:
    sources = list(collection.sources(tmp_path))
    assert len(sources) >= 120
    assert all(source.title and source.description and source.tags for source in sources)
    assert len({source.title for source in sources}) == len(sources)
    assert {source.folders for source in sources} == {
        ("Photographs",),
        ("Edits",),
        ("Drawings", "Scenes"),
        ("Drawings", "Things"),
        ("Drawings", "Shapes"),
    }


def test_a_drawing_is_the_same_every_time() -> None:
    first, second = LANDSCAPES[4].draw(), LANDSCAPES[4].draw()
    assert np.array_equal(np.asarray(first), np.asarray(second))


def test_drawings_and_edits_are_made_when_they_are_reached(tmp_path: Path) -> None:
    made = [source for source in collection.sources(tmp_path) if source.make]
    edits = [source for source in made if source.folders == ("Edits",)]
    assert not edits[0].path.exists()
    assert edits[0].make
    edits[0].make()
    with Image.open(edits[0].path) as picture:
        assert min(picture.size) > 100
