"""The recipe on tiny data: what is kept apart, what is drawn, that a run goes on where it stopped."""

from pathlib import Path

import numpy as np
import pytest
import torch

from training.batches import RowOrder, draw_any
from training.captions import drawing_captions
from training.classes import class_name, groups_of, mentions_left_out, split_rows
from training.export import export
from training.model import make_tower
from training.photos import MissingTrainingData, Photos, load_photos, teacher_probabilities
from training.targets import make_targets
from training.towers import load_tower
from training.train import Run, Settings, rate_at

TINY = Settings(photos=4, pairs=2, drawings=3, steps=4, architecture="test_resnet")


def tiny_run(photos: Photos, cache: Path) -> Run:
    """A run of a tiny network on tiny data."""
    split = split_rows(photos)
    targets = make_targets(photos, split.train, cache)
    return Run(photos, targets, RowOrder(split.train, targets.label.numpy(), 4, seed=0), TINY)


def steps(run: Run, count: int) -> None:
    """Train a few steps at 32 px."""
    for _ in range(count):
        run.train_on(run.batch(run.step, 32), run.step / 4)


def test_a_missing_data_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingTrainingData, match=r"photos\.webp\.bin is missing"):
        load_photos(tmp_path, tmp_path)


def test_a_second_softmax_of_the_teacher_is_undone() -> None:
    true = np.zeros(1001)
    true[:3] = 0.7, 0.2, 0.1
    twice = np.sort(np.exp(true) / np.exp(true).sum())[::-1][:16]
    once = np.sort(true)[::-1][:16]
    found = teacher_probabilities(np.stack([twice, once]))
    np.testing.assert_allclose(found, np.stack([once, once]), atol=1e-3)


def test_photographs_of_left_out_classes_are_never_trained_on(photos: Photos) -> None:
    split = split_rows(photos)
    assert {photos.labels[row] for row in split.never_trained} == {"koala"}
    assert "koala" not in {photos.labels[row] for row in [*split.train, *split.held_out]}


def test_no_photograph_is_both_trained_and_held_out(photos: Photos) -> None:
    split = split_rows(photos)
    assert not set(split.train) & set(split.held_out)
    assert {class_name(photos.labels[row]) for row in split.held_out} == {"goose", "lemon", "sandal"}


def test_photographs_of_the_judged_folder_are_kept_away(photos: Photos, tmp_path: Path) -> None:
    (tmp_path / "goose").mkdir()
    (tmp_path / "goose" / "4.jpg").touch()
    split = split_rows(photos, tmp_path)
    assert split.kept_away.tolist() == [4]
    assert 4 not in split.train


def test_words_of_left_out_classes_are_in_no_bank(photos: Photos, tmp_path: Path) -> None:
    targets = make_targets(photos, split_rows(photos).train, tmp_path)
    assert "koala" not in [*targets.names.names, *targets.labels.names]
    assert mentions_left_out("teapot")
    assert not mentions_left_out("coffeepot")


def test_a_class_has_its_more_general_words() -> None:
    assert {"dog", "animal", "pet"} <= groups_of("golden retriever", 208)
    assert "fruit" in groups_of("lemon")


def test_every_drawing_says_only_captions_that_exist() -> None:
    known = {(family, c[0]) for family, captions in drawing_captions().items() for c in captions}
    generator = np.random.default_rng(0)
    drawings = [draw_any(generator) for _ in range(300)]
    assert all(pair in known for drawing in drawings for pair in drawing.true)
    assert all(drawing.true[0][1] == drawing.caption for drawing in drawings if len(drawing.true) != 1)


def test_every_step_of_an_epoch_sees_other_photographs() -> None:
    order = RowOrder(np.arange(40), np.arange(40) % 5, 8, seed=0)
    seen = np.concatenate([order.at(step) for step in range(5)])
    assert sorted(seen) == list(range(40))


def test_the_rate_ends_at_zero() -> None:
    assert rate_at(0, TINY) == 0
    assert rate_at(TINY.warm_up, TINY) == TINY.rate
    assert rate_at(1, TINY) == pytest.approx(0)


def test_a_resumed_run_ends_where_an_unbroken_one_does(photos: Photos, tmp_path: Path) -> None:
    unbroken = tiny_run(photos, tmp_path)
    steps(unbroken, 4)
    first = tiny_run(photos, tmp_path)
    steps(first, 2)
    first.save(tmp_path / "checkpoint.pt")
    second = tiny_run(photos, tmp_path)
    second.load(tmp_path / "checkpoint.pt")
    steps(second, 2)
    for key, value in unbroken.average.tower.state_dict().items():
        torch.testing.assert_close(second.average.tower.state_dict()[key], value)


def test_training_lowers_the_loss(photos: Photos, tmp_path: Path) -> None:
    run = tiny_run(photos, tmp_path)
    batch = run.batch(0, 32)
    losses = [run.train_on(batch, 0.03)["loss"] for _ in range(8)]
    assert losses[-1] < losses[0]


def test_an_exported_tower_gives_the_vectors_of_the_average(photos: Photos, tmp_path: Path) -> None:
    run = tiny_run(photos, tmp_path)
    run.save(tmp_path / "checkpoint.pt")
    file = export(tmp_path / "checkpoint.pt", tmp_path, 32, "test_resnet")
    vectors = load_tower(file, "test_resnet", 32).pictures([photos.picture(0)])
    assert vectors.shape == (1, 512)
    assert np.linalg.norm(vectors) == pytest.approx(1, abs=1e-5)


def test_the_tower_takes_pictures_of_any_even_size() -> None:
    tower = make_tower("test_resnet").eval()
    assert tower(torch.zeros(1, 3, 96, 96)).shape == (1, 512)
