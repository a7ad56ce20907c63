"""A detector plug-in: from an upload to regions that are found; and the adapter for transformers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.http import QueryDict
from PIL import Image
from pytest_django import Settings

from media_library import processing
from media_library.models import Asset, Library, User
from media_library.renditions import Box
from search import anchors, detection, detectors, queries, region_indexing, regions
from search.detectors import Detection
from search.models import DetectorRun, EmbeddingModel, Region
from search.query import Query
from tests import factories
from tests.media_library import drawn

FAKE = f"{__name__}.BrightParts:/nowhere"


class BrightParts:
    """Finds the part of a picture that is not black."""

    looked = 0
    label = "thing"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def detect(self, image: Image.Image) -> list[Detection]:
        type(self).looked += 1
        left, upper, right, lower = image.convert("L").point(lambda value: 255 * (value > 60)).getbbox() or (0, 0, 0, 0)
        width, height = image.size
        box = (left / width, upper / height, (right - left) / width, (lower - upper) / height)
        return [Detection(box, self.label, 0.875), Detection((0, 0, 0.001, 0.001), "speck", 0.5)]


@pytest.fixture
def detector(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[BrightParts]]:
    settings.DETECTOR = FAKE
    monkeypatch.setattr(detectors, "_current", None)
    monkeypatch.setattr(BrightParts, "looked", 0)
    yield BrightParts


def upload(library: Library, user: User, color: str, at: tuple[int, int] = (100, 50)) -> Asset:
    """A small thing of one colour on black."""
    picture = Image.new("RGB", (400, 300))
    picture.paste(color, (*at, at[0] + 80, at[1] + 60))
    asset = factories.upload(library, user, drawn.encoded(picture, "PNG").getvalue(), f"{color}.png")
    processing.render_pending()
    return Asset.objects.get(pk=asset.pk)


@pytest.fixture
def ready(db: None, fake_embedder: Any, enqueued: list[str], model: EmbeddingModel) -> None:
    """A database, a model, and no worker."""


@pytest.mark.usefixtures("ready", "eager")
def test_from_an_upload_to_objects_that_are_found(library: Library, user: User, detector: type[BrightParts]) -> None:
    assets = {color: upload(library, user, color) for color in ("red", "green")}
    assert region_indexing.index_pending() == 2
    region = Region.objects.get(asset=assets["red"])
    assert (region.label, region.source, region.confidence) == ("thing", "detected", 0.875)
    assert [region.x, region.y, region.width, region.height] == pytest.approx([0.25, 1 / 6, 0.2, 0.2], abs=0.01)
    by_text = Query.from_params(library, QueryDict("text=green&entity_type=OBJECTS"), None)
    assert queries.run(by_text, user).hits[0].asset == assets["green"]
    crop = anchors.from_asset(user=user, asset=assets["red"], box=Box(0.25, 0.17, 0.2, 0.2))
    by_crop = Query.from_params(library, QueryDict(f"anchor={crop.pk}&entity_type=OBJECTS"), None)
    assert queries.run(by_crop, user).hits[0].asset == assets["red"]


@pytest.mark.usefixtures("ready")
def test_what_has_been_looked_at_is_not_looked_at_again(
    library: Library, user: User, detector: type[BrightParts]
) -> None:
    upload(library, user, "red")
    for _ in range(2):
        region_indexing.index_pending()
        region_indexing.sweep()
    assert (detector.looked, Region.objects.count()) == (1, 1)


@pytest.mark.usefixtures("ready")
def test_another_detector_replaces_what_was_detected_and_nothing_else(
    library: Library, user: User, detector: type[BrightParts], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = upload(library, user, "red")
    region_indexing.index_pending()
    hand = regions.add(asset, user, Box(0, 0, 1, 1), "mine")
    imported = factories.region(asset, source="imported")
    settings.DETECTOR_THRESHOLD = 0.25
    monkeypatch.setattr(detector, "label", "object")
    region_indexing.sweep()
    region_indexing.index_pending()
    assert set(Region.objects.exclude(source="detected")) == {hand, imported}
    assert Region.objects.get(source="detected").label == "object"


@pytest.mark.usefixtures("ready")
def test_what_is_found_again_stays_and_keeps_its_vector(
    library: Library, user: User, detector: type[BrightParts], settings: Settings
) -> None:
    upload(library, user, "red")
    region_indexing.index_pending()
    before = Region.objects.get()
    settings.DETECTOR_THRESHOLD = 0.25
    region_indexing.sweep()
    assert (region_indexing.index_pending(), Region.objects.get()) == (0, before)
    assert detector.looked == 2


@pytest.mark.usefixtures("ready")
def test_pictures_that_were_there_before_are_looked_at_too(
    library: Library, user: User, settings: Settings, detector: type[BrightParts]
) -> None:
    settings.DETECTOR = ""
    upload(library, user, "red")
    region_indexing.sweep()
    region_indexing.index_pending()
    assert (detector.looked, DetectorRun.objects.count()) == (0, 0)
    settings.DETECTOR = FAKE
    region_indexing.sweep()
    region_indexing.index_pending()
    assert detector.looked == 1


@pytest.mark.usefixtures("ready")
def test_a_picture_removed_meanwhile_is_no_error(library: Library, user: User, detector: type[BrightParts]) -> None:
    asset = upload(library, user, "red")
    (run,) = DetectorRun.objects.claim(1)
    asset.delete()
    detection.detect(run, detector(Path()))
    detection.replace(run, [Detection((0, 0, 1, 1), "x", 1)])
    assert not Region.objects.exists()


@pytest.mark.usefixtures("ready")
def test_a_detector_that_fails_on_a_picture_fails_there_alone(
    library: Library, user: User, detector: type[BrightParts], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_on_red(self: object, image: Image.Image) -> list[Detection]:
        if image.getpixel((110, 60))[0] > 128:  # type: ignore[index]
            raise RuntimeError("out of memory")
        return [Detection((0, 0, 1, 1), "whole", 1)]

    red, blue = upload(library, user, "red"), upload(library, user, "blue")
    monkeypatch.setattr(detector, "detect", fail_on_red)
    region_indexing.index_pending()
    assert Region.objects.get().asset == blue
    assert DetectorRun.objects.get(asset=red).error_code == "detection_failed"


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize("name", ["transformers:/nowhere", "no.such.module.Class:/x", "transformers", "nonsense"])
def test_a_detector_that_cannot_be_loaded_is_said_and_harms_nothing(
    library: Library, user: User, settings: Settings, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DETECTOR = name
    upload(library, user, "red")
    with pytest.raises(detectors.DetectorUnusable):
        detectors.get_detector()
    region_indexing.index_pending()
    assert f"The detector {name} cannot be used" in caplog.text
    assert DetectorRun.objects.get().attempts == 0


# --- transformers -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def yolos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny detection model with random weights, saved as transformers saves them."""
    import torch
    from transformers import YolosConfig, YolosForObjectDetection, YolosImageProcessor

    from search.embedders import cpu_torchvision  # noqa: F401

    torch.manual_seed(0)
    config = YolosConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=[64, 64],
        patch_size=16, num_detection_tokens=12, num_labels=3, id2label={0: "cup", 1: "plate", 2: "spoon"},
        label2id={"cup": 0, "plate": 1, "spoon": 2},
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("yolos")
    model = YolosForObjectDetection(config)
    torch.nn.init.normal_(model.vit.embeddings.detection_tokens)  # zeros would all find the same
    model.save_pretrained(folder)
    YolosImageProcessor(size={"height": 64, "width": 64}).save_pretrained(folder)
    return folder


@pytest.fixture
def small(settings: Settings, yolos: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings.DETECTOR, settings.DETECTOR_THRESHOLD = f"transformers:{yolos}", 0.0
    monkeypatch.setattr(detectors, "_current", None)
    return settings


def test_the_adapter_gives_boxes_inside_the_picture_with_names_and_scores(small: Settings) -> None:
    found = detectors.get_detector().detect(drawn.quarters(300, 200))
    assert len(found) == 12  # one for each detection token, when everything is sure enough
    for one in found:
        x, y, width, height = one.box
        assert 0 <= x <= x + width <= 1 + 1e-9
        assert 0 <= y <= y + height <= 1 + 1e-9
        assert one.label in {"cup", "plate", "spoon"}
        assert 0 <= one.score <= 1


def test_the_threshold_leaves_out_what_is_not_sure_enough(small: Settings) -> None:
    scores = sorted(one.score for one in detectors.get_detector().detect(drawn.quarters(300, 200)))
    small.DETECTOR_THRESHOLD = (scores[5] + scores[6]) / 2
    assert len(detectors.get_detector().detect(drawn.quarters(300, 200))) == 6


@pytest.mark.usefixtures("ready")
def test_the_adapter_makes_regions_that_are_embedded(library: Library, user: User, small: Settings) -> None:
    upload(library, user, "red")
    made = region_indexing.index_pending()
    assert made == Region.objects.filter(source="detected", label__in=["cup", "plate", "spoon"]).count()
    assert made > 0


def test_a_folder_without_weights_is_said(small: Settings, yolos: Path, tmp_path: Path) -> None:
    for name in ("config.json", "preprocessor_config.json"):
        (tmp_path / name).write_bytes((yolos / name).read_bytes())
    small.DETECTOR = f"transformers:{tmp_path}"
    with pytest.raises(detectors.DetectorUnusable, match="cannot be used"):
        detectors.get_detector()
