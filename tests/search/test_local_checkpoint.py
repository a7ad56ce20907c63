"""A model from a checkpoint folder."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from search.embedders import Embedder, get_embedder
from search.embedders.checkpoints import BrokenCheckpoint
from tests.search import tiny


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.checkpoint(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def embedder(folder: Path, model_dir: Path) -> Embedder:
    return get_embedder(str(folder))


def picture(colour: str = "red", size: tuple[int, int] = (90, 60)) -> Image.Image:
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).ellipse((size[0] // 4, size[1] // 4, size[0], size[1]), fill=colour)
    return image


def test_pictures_of_any_size_become_unit_vectors(embedder: Embedder) -> None:
    vectors = embedder.encode_images([picture(), picture(size=(17, 300)), picture(size=(1, 1))])
    assert vectors.shape == (3, 64) == (3, embedder.dimensions)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_the_same_picture_gives_the_same_vector_and_another_one_another(embedder: Embedder) -> None:
    first, again, other = embedder.encode_images([picture(), picture(), picture("blue")])
    assert np.array_equal(first, again)
    assert not np.allclose(first, other, atol=1e-3)


def test_batches_give_what_each_picture_gives_alone(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.embedders.clip.IMAGE_BATCH", {"fp32": 2, "fp16": 2})
    pictures = [picture(colour, (40, 50)) for colour in ["red", "green", "blue", "black", "orange"]]
    alone = np.concatenate([embedder.encode_images([image]) for image in pictures])
    assert np.allclose(embedder.encode_images(pictures), alone, atol=1e-5)


def test_nothing_to_encode_gives_no_rows(embedder: Embedder) -> None:
    assert embedder.encode_images([]).shape == (0, 64)
    assert embedder.encode_texts([]).shape == (0, 64)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_pixels_are_white(embedder: Embedder, mode: str) -> None:
    clear = Image.new("RGBA", (50, 50), (255, 0, 0, 0)).convert(mode)
    if mode == "P":
        clear.info["transparency"] = clear.getpixel((0, 0))
    white = Image.new("RGB", (50, 50), "white")
    assert np.allclose(*embedder.encode_images([clear, white]), atol=1e-5)


def test_the_same_sentence_gives_the_same_vector_and_another_one_another(embedder: Embedder) -> None:
    first, other, again = embedder.encode_texts(["a dog", "a red car", "a dog"])
    assert np.array_equal(first, again)
    assert not np.allclose(first, other, atol=1e-3)
    assert np.allclose(np.linalg.norm([first, other], axis=1), 1, atol=1e-5)


def test_the_prompt_template_of_the_checkpoint_is_applied(embedder: Embedder, tmp_path: Path) -> None:
    prompted = get_embedder(str(tiny.checkpoint(tmp_path / "prompted", prompt_template="a photo of {}")))
    expected = embedder.encode_texts(["a photo of {braces}"])
    assert np.allclose(prompted.encode_texts(["{braces}"]), expected, atol=1e-5)


def test_an_embedder_for_pictures_only_gives_the_same_pictures(folder: Path, model_dir: Path) -> None:
    only = get_embedder(str(folder), images_only=True)
    vectors = only.encode_images([picture()])
    with pytest.raises(RuntimeError):
        only.encode_texts(["a dog"])
    assert np.allclose(get_embedder(str(folder)).encode_images([picture()]), vectors, atol=1e-6)


def damage(folder: Path, change: str) -> None:
    from safetensors.torch import load_file, save_file

    weights = folder / "open_clip_model.safetensors"
    state = load_file(weights)
    match change:
        case "missing key":
            del state["visual.proj"]
        case "unexpected key":
            state["visual.more"] = state["visual.proj"].clone()
        case "other shape":
            state["visual.proj"] = state["visual.proj"][:-1].clone()
    save_file(state, weights)


@pytest.mark.parametrize("change", ["missing key", "unexpected key", "other shape"])
def test_weights_that_do_not_fit_are_refused(tmp_path: Path, model_dir: Path, change: str) -> None:
    folder = tiny.checkpoint(tmp_path / "tiny")
    damage(folder, change)
    with pytest.raises(BrokenCheckpoint, match="the weights do not fit the architecture"):
        get_embedder(str(folder))


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("open_clip_config.json", None, "open_clip_config.json is missing"),
        ("open_clip_config.json", b"{", "is not JSON"),
        ("open_clip_config.json", b"[]", "describes no model"),
        ("open_clip_model.safetensors", None, "there is no weights file"),
        ("open_clip_model.safetensors", b"not weights", "cannot be used"),
    ],
)
def test_a_broken_folder_is_told_in_one_sentence(
    tmp_path: Path, model_dir: Path, file: str, content: bytes | None, sentence: str
) -> None:
    path = tiny.checkpoint(tmp_path / "tiny") / file
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(BrokenCheckpoint, match=sentence) as caught:
        get_embedder(str(path.parent))
    assert "\n" not in str(caught.value.message)


def test_a_text_tower_that_would_have_to_come_from_a_hub_is_refused(
    tmp_path: Path, model_dir: Path, no_network: None
) -> None:
    folder = tiny.checkpoint(tmp_path / "tiny", text={})
    config = folder / "open_clip_config.json"
    config.write_text(
        config.read_text().replace('"context_length"', '"hf_model_name": "roberta-base", "context_length"')
    )
    with pytest.raises(BrokenCheckpoint, match=r"config\.json of the text tower is missing"):
        get_embedder(str(folder))


class Exploit:
    """What a weights file may hold that is no weights: a pickle that does something where it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("name", ["open_clip_pytorch_model.bin", "weights.pt", "weights.pth"])
def test_a_weights_file_runs_nothing(tmp_path: Path, model_dir: Path, name: str) -> None:
    folder = tiny.checkpoint(tmp_path / "tiny")
    (folder / "open_clip_model.safetensors").unlink()
    for write in (pickled, saved):
        write({"visual.proj": Exploit(tmp_path / "ran")}, folder / name)
        with pytest.raises(BrokenCheckpoint):
            get_embedder(str(folder))
        assert not (tmp_path / "ran").exists()


def pickled(state: object, path: Path) -> None:
    path.write_bytes(pickle.dumps(state))


def saved(state: object, path: Path) -> None:
    torch.save(state, path)
