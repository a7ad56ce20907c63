"""Sentences become the same token numbers as with the model's own tokenizer."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search.embedders import offline
from search.embedders.onnx.probes import SENTENCES
from search.embedders.onnx.tokens import Tokens

MORE = [
    "Don't DON'T don’t I'LL we'Ve he'd'm 'S",  # noqa: RUF001
    "&amp;amp;lt; &nbsp;x&#39;s &hearts; &unknown;",
    "👩‍👩‍👧‍👦 family 🏳️‍🌈 🇩🇪 👍🏽",
    "مرحبا بالعالم שלום नमस्ते ไทย 한국어",
    "<start_of_text> inside <end_of_text>",
    "0123456789 ²³ Ⅷ 1e-5",
    "\x00\x07 control \u200b zero\u00a0width\u2028line",
    "_under__score_ {braces} [brackets] ~tilde^",
    "ſtraße İstanbul ΌΣΟΣ ﬃ ﷺ",  # noqa: RUF001
    " ".join(["word"] * 74),
    " ".join(["word"] * 75),
    " ".join(["word"] * 76),
    "a" * 2000,
]


def both(own: Any, tmp_path: Path) -> tuple[np.ndarray, np.ndarray]:
    from search.embedders.onnx.export import write_tokenizer

    options = write_tokenizer(own, tmp_path / "tokenizer.json")
    texts = SENTENCES + MORE
    ours = Tokens(tmp_path / "tokenizer.json", padding=int(own(["a"])[0, -1]), shortens=False, **options)
    return ours(texts), own(texts).numpy()


@pytest.mark.parametrize("clean", ["lower", "whitespace", "canonicalize"])
def test_clip_tokens_are_those_of_open_clip(tmp_path: Path, clean: str) -> None:
    from search.embedders.runtime import open_clip

    ours, theirs = both(open_clip.SimpleTokenizer(clean=clean), tmp_path)
    assert np.array_equal(ours, theirs)


def test_a_shorter_context_cuts_at_the_same_token(tmp_path: Path) -> None:
    from search.embedders.runtime import open_clip

    ours, theirs = both(open_clip.SimpleTokenizer(context_length=16), tmp_path)
    assert np.array_equal(ours, theirs)
    assert ours.shape[1] == 16


def test_tokens_of_the_offline_model_are_those_of_transformers(tmp_path: Path, model_dir: Path) -> None:
    from search.embedders.runtime import open_clip

    ours, theirs = both(open_clip.get_tokenizer(f"local-dir:{offline.assembled()}"), tmp_path)
    assert np.array_equal(ours, theirs)


def test_a_tokenizer_that_chooses_tokens_itself_is_refused(tmp_path: Path) -> None:
    from search.embedders.onnx.export import Refused, write_tokenizer

    with pytest.raises(Refused, match="tokenizer"):
        write_tokenizer(lambda texts: texts, tmp_path / "tokenizer.json")
