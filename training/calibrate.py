"""Fits the bands of search results of the offline model on photographs that its tower was not trained on.

`python -m training.calibrate`: the held-out photographs and the classes never trained, without the folder that judges
(`--keep-away`). Writes search/embedders/offline/calibration.json. See docs/search.md.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path

import numpy as np

from training.classes import class_name, split_rows
from training.photos import load_photos


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/train"))
    parser.add_argument("--cache", type=Path, default=Path(".cache/training"))
    parser.add_argument("--keep-away", type=Path, default=Path("../shared/data/photos"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as data_dir:
        os.environ.update(DAM_DATA_DIR=data_dir, DJANGO_SETTINGS_MODULE="dam.settings", DAM_MODEL="offline")
        import django

        django.setup()
        calibrate(arguments.data, arguments.cache, arguments.keep_away)


def calibrate(data: Path, cache: Path, keep_away: Path) -> None:
    """Encode, fit, write."""
    from search import calibration
    from search.embedders import offline
    from search.embedders.clip import OpenClipEmbedder

    photos = load_photos(data, cache)
    split = split_rows(photos, keep_away)
    rows = np.concatenate([split.held_out, split.never_trained])
    embedder = OpenClipEmbedder.load(offline.assembled())
    parts = np.array_split(rows, max(1, len(rows) // 256))
    vectors = np.concatenate([embedder.encode_images([photos.picture(int(row)) for row in part]) for part in parts])
    labels = np.array([class_name(photos.labels[row]) for row in rows])
    names = sorted(set(labels) - {""})
    words = dict(zip(names, embedder.encode_texts(names), strict=True))
    origin = np.array([photos.sets[row] for row in rows])
    sets = [np.arange(len(rows)), *(np.flatnonzero(origin == name) for name in sorted(set(origin)))]
    scales = calibration.fit(vectors, labels, words, sets)
    written = {"source": offline.source(), "kinds": calibration.as_json(scales)}
    offline.CALIBRATION.write_text(json.dumps(written, indent=2) + "\n")


if __name__ == "__main__":
    main()
