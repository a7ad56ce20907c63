"""What strong and likely mean is learned, from labels or without."""

from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from PIL import Image, ImageDraw

from media_library import processing
from media_library.models import Library, User
from search import calibration, indexing, relevance, unlabelled
from search.embedders import offline
from search.models import EmbeddingModel
from search.relevance import bands
from tests import factories
from tests.search.searching import fan, run


def test_a_scale_is_learned_from_labels() -> None:
    random = np.random.default_rng(1)
    centres = np.eye(64)[:12]
    labels = np.repeat([f"class {number}" for number in range(12)], 25)
    vectors = np.repeat(centres, 25, axis=0) + random.normal(0, 0.08, (300, 64))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    words = {f"class {number}": centre.astype(np.float32) for number, centre in enumerate(centres)}
    scales = calibration.fit(vectors, labels, words, [np.arange(300)])
    for kind in calibration.KINDS:
        for query in (vectors[0], words["class 3"]):
            scores = vectors @ query
            found = bands(scales[kind], scores)
            strong = scores >= found.strong
            own = labels == labels[scores.argmax()]
            assert own[strong].sum() > 0.9 * strong.sum() > 0, kind


def test_evidence_never_falls_as_a_score_rises() -> None:
    scores = np.linspace(0, 1, 200)
    right = (scores > 0.5).astype(float)
    misleading = calibration.Judged(scores, mean=np.zeros(200), deviation=0.1 + scores**2, right=right)
    found = calibration.scale([[misleading]])
    assert min(found.cosine, found.deviations) >= 0


def test_the_shipped_calibration_is_of_the_shipped_tower() -> None:
    assert set(relevance.shipped()[offline.source()]) == set(calibration.KINDS)


def test_a_model_without_calibration_has_what_holds_for_any(model: EmbeddingModel) -> None:
    assert relevance.scale_of(model, "text") == relevance.UNKNOWN


def test_calibrating_needs_enough_photos(model: EmbeddingModel, fake_embedder: Any, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="holds 0 photos in 0 folders"):
        call_command("calibrate_model", photos=tmp_path)
    with pytest.raises(CommandError, match="no library nowhere"):
        call_command("calibrate_model", library="nowhere")


def test_a_library_with_few_pictures_cannot_calibrate(
    library: Library, model: EmbeddingModel, fake_embedder: Any
) -> None:
    fan(library, model, 3)
    with pytest.raises(CommandError, match="at least 100 indexed pictures"):
        call_command("calibrate_model", library=library.slug)
    model.refresh_from_db()
    assert model.calibration == {}


def test_the_pictures_of_a_library_calibrate_without_labels(
    library: Library, user: User, model: EmbeddingModel, fake_embedder: Any, enqueued: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(unlabelled, "LEAST_PICTURES", 3)
    for color in ("red", "green", "blue"):
        asset = factories.upload(library, user, factories.picture(color))
        processing.render_pending()
    indexing.index_pending()
    call_command("calibrate_model", library=library.slug, stdout=StringIO())
    model.refresh_from_db()
    assert set(model.calibration) == {"text", "image"}
    assert run(library, user, f"like={asset.pk}").hits[0].band == "strong"


def test_labelled_photos_calibrate_and_can_be_forgotten(
    model: EmbeddingModel, fake_embedder: Any, tmp_path: Path
) -> None:
    for color in ("red", "green", "blue", "yellow", "magenta"):
        (tmp_path / color).mkdir()
        for number in range(20):
            picture = Image.new("RGB", (40, 40), color)
            ImageDraw.Draw(picture).rectangle((number, number, 39, 30), fill=(12 * number, 90, 90))
            picture.save(tmp_path / color / f"{number}.png")
    output = StringIO()
    call_command("calibrate_model", photos=tmp_path, stdout=output)
    model.refresh_from_db()
    assert set(model.calibration) == {"text", "image", "composed"}
    assert output.getvalue().count("strong from") == 3
    call_command("calibrate_model", forget=True, stdout=output)
    model.refresh_from_db()
    assert model.calibration == {}
