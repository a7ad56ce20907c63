"""Sentences to token numbers without torch and transformers: a `tokenizer.json` and open_clip's cleaning of texts.

`export` compares the numbers with those of the model's own tokenizer before it lets this engine answer.
"""

import html
import string
from collections.abc import Callable, Sequence
from pathlib import Path

import ftfy
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

WITHOUT_PUNCTUATION = str.maketrans("_", " ", string.punctuation.replace("_", ""))


def _repaired(text: str) -> str:
    return html.unescape(html.unescape(ftfy.fix_text(text))).strip()


def _whitespace(text: str) -> str:
    return " ".join(_repaired(text).split())


def _lower(text: str) -> str:
    return _whitespace(text).lower()


def _canonicalize(text: str) -> str:
    return " ".join(_repaired(text).translate(WITHOUT_PUNCTUATION).lower().split())


CLEANING: dict[str, Callable[[str], str]] = {  # by the names of open_clip's `clean`
    "whitespace": _whitespace,
    "lower": _lower,
    "canonicalize": _canonicalize,
}


class Tokens:
    """Texts -> (n, length): `length` is the model's context, or only as long as the longest text needs."""

    def __init__(self, file: Path, *, clean: str, context: int, padding: int, shortens: bool) -> None:
        self._tokenizer = Tokenizer.from_file(str(file))
        self._tokenizer.enable_truncation(context)
        self._tokenizer.no_padding()
        self._clean = CLEANING[clean]
        self._context, self._padding, self._shortens = context, padding, shortens

    def __call__(self, texts: Sequence[str]) -> NDArray[np.int64]:
        rows = [self._tokenizer.encode(self._clean(text)).ids for text in texts]
        length = max(map(len, rows)) if self._shortens else self._context
        tokens = np.full((len(rows), length), self._padding, dtype=np.int64)
        for row, numbers in zip(tokens, rows, strict=True):
            row[: len(numbers)] = numbers
        return tokens
