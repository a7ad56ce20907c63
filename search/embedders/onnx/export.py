"""`python -m search.embedders.onnx.export CHECKPOINT TARGET`: exports a model and compares it with torch.

Run by `exports.ensure` in a process of its own. Writes the record of `exports.Export` and what it names into the
empty folder TARGET. A tower that cannot be exported, or whose vectors differ, is recorded as refused with the reason.
"""

import os
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from django.utils.translation import gettext as _
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors

from search.embedders.checkpoints import BrokenCheckpoint
from search.embedders.clip import OpenClipEmbedder
from search.embedders.onnx import attention, engine, exports, probes
from search.embedders.onnx.pixels import Preprocess
from search.embedders.onnx.quantise import candidates
from search.embedders.onnx.tokens import Tokens
from search.embedders.pictures import flatten
from search.embedders.runtime import open_clip
from search.embedders.text import TextEncoder
from search.embedders.torch_text import TorchTextTower, parameters

SAME_PIXELS = 1e-3
SAME_IN_BATCH = 1e-5  # cosine distance of a picture's vectors alone and among others; int8 scales are of a whole batch
BATCH = 16
LARGEST = 1_900_000_000  # bytes: more does not fit into one ONNX file
OPSET = 17

Check = dict[str, NDArray[Any]]


class Refused(Exception):
    """A tower is left to torch; the message is the reason, without a full stop."""


def export(checkpoint: Path, target: Path) -> exports.Export:
    """Raises BrokenCheckpoint where the model cannot be used at all."""
    embedder = OpenClipEmbedder.load(checkpoint)
    attention.replace(embedder.model)
    text_tower = cast(TextEncoder[TorchTextTower], embedder.text).tower  # it was not loaded for pictures only
    check: Check = {}
    image = _attempt(lambda: _image_tower(embedder, target, check))
    text = _attempt(lambda: _text_tower(text_tower, target, check))
    np.savez(target / exports.CHECK, **check)  # type: ignore[arg-type]
    exported = exports.Export(target, image, text)
    exported.write()
    kept = {exports.RECORD, exports.CHECK, exports.TOKENIZER, image.file, text.file}
    for path in target.iterdir():
        if path.name not in kept:
            path.unlink()
    return exported


def _attempt(tower: Callable[[], exports.Tower]) -> exports.Tower:
    try:
        return tower()
    except Refused as refused:
        return exports.Tower(refused=str(refused))
    except Exception as error:  # noqa: BLE001  whatever an architecture makes an exporter raise: torch still answers
        first_line = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
        return exports.Tower(refused=f"{type(error).__name__}: {first_line}"[:300].rstrip("."))


def _image_tower(embedder: OpenClipEmbedder, target: Path, check: Check) -> exports.Tower:
    options = dict(embedder.model.visual.preprocess_cfg)
    preprocess, pictures = Preprocess.from_config(options), probes.pictures()
    expected = np.stack([embedder.preprocess(flatten(picture)).numpy() for picture in pictures])
    pixels = preprocess(pictures)
    if pixels.shape != expected.shape or np.abs(pixels - expected).max() > SAME_PIXELS:
        raise Refused(_("its preprocessing of pictures is none that is known here"))
    vectors = embedder.encode_pixels(torch.from_numpy(pixels))
    check |= {"picture": np.asarray(pictures[0]), "image": vectors[:1]}
    network = _ImageNetwork(embedder.model)
    file = _trace(network, torch.from_numpy(pixels[:2]), target / "image.onnx", {0: "pictures"})
    for precision, candidate in candidates(file):
        run = engine.session(candidate)
        alone = engine.unit(np.concatenate([run(pixels[row : row + 1]) for row in range(len(pixels))]))
        together = engine.unit(run(pixels))
        if min(engine.nearness(alone, vectors), engine.nearness(together, vectors)) >= engine.SAME_IMAGE:
            batch = BATCH if engine.nearness(alone, together) >= 1 - SAME_IN_BATCH else 1
            return exports.Tower(candidate.name, precision, batch=batch, options=options)
    raise Refused(_("its picture vectors differ from torch's"))


def _text_tower(tower: TorchTextTower, target: Path, check: Check) -> exports.Tower:
    options = write_tokenizer(tower.tokenize, target / exports.TOKENIZER)
    options |= {"padding": tower.padding, "shortens": tower.shortens}
    tokens = Tokens(target / exports.TOKENIZER, **options)
    expected = tower.tokenize(probes.SENTENCES)
    if not np.array_equal(tokens(probes.SENTENCES), expected.numpy()):
        raise Refused(_("its tokenizer is none that is known here"))
    vectors = tower.features(expected)  # of the full length, so that leaving out the padding is checked, too
    check |= {"sentence": np.array(probes.SENTENCES[0]), "text": vectors[:1]}
    example = torch.from_numpy(tokens(probes.SENTENCES[:2]))
    lengths = {0: "texts"} | ({1: "tokens"} if tower.shortens else {})
    file = _trace(tower.network, example, target / "text.onnx", lengths)
    threads = 1 if tower.small else 0
    # In a small tower int8 saves two milliseconds and costs more agreement than in a large one.
    for precision, candidate in [("fp32", file)] if tower.small else candidates(file):
        run = engine.session(candidate, threads)
        alone = engine.unit(np.concatenate([run(tokens([text])) for text in probes.SENTENCES]))
        together = engine.unit(run(tokens(probes.SENTENCES)))
        if min(engine.nearness(alone, vectors), engine.nearness(together, vectors)) >= engine.SAME_TEXT:
            return exports.Tower(candidate.name, precision, threads=threads, options=options)
    raise Refused(_("its text vectors differ from torch's"))


class _ImageNetwork(torch.nn.Module):
    """`encode_image` of an open_clip model; of its parts only those that it needs."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.visual = model.visual
        self._encode = model.encode_image

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self._encode(pixels)


def _trace(network: torch.nn.Module, example: torch.Tensor, file: Path, varying: dict[int, str]) -> Path:
    if 4 * parameters(network) > LARGEST:
        raise Refused(_("it is larger than an ONNX file can be"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what tracing may get wrong is compared afterwards
        torch.onnx.export(
            network.eval(),
            (example,),
            str(file),
            input_names=["values"],
            output_names=["vectors"],
            dynamic_axes={"values": varying, "vectors": {0: varying[0]}},
            opset_version=OPSET,
            dynamo=False,  # the exporter that traces: a fifth of the other one's time, and no package more
        )
    return file


def write_tokenizer(own: Any, file: Path) -> dict[str, Any]:
    """Writes `tokenizer.json` for a tokenizer of open_clip; gives what else `Tokens` has to know of it."""
    if isinstance(own, open_clip.tokenizer.SimpleTokenizer):
        tokenizer, clean = _clip_tokenizer(own), own.clean_fn
    elif isinstance(own, open_clip.tokenizer.HFTokenizer) and own.tokenizer.is_fast:
        tokenizer, clean = Tokenizer.from_str(own.tokenizer.backend_tokenizer.to_str()), own.clean_fn
    else:
        raise Refused(_("its tokenizer is none that is known here"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(file))
    return {"clean": clean.__name__.removeprefix("_clean_"), "context": int(own.context_length)}


def _clip_tokenizer(own: Any) -> Tokenizer:
    """CLIP's byte pair encoding, as the tokenizers library expresses it."""
    tokenizer = Tokenizer(models.BPE(dict(own.encoder), list(own.bpe_ranks), end_of_word_suffix="</w>"))
    pattern = own.pat.pattern.split("|", len(own.all_special_ids))[-1]
    words = pre_tokenizers.Split(Regex(f"(?i:{pattern})"), behavior="removed", invert=True)
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, byte_level])
    start, end = own.decoder[own.sot_token_id], own.decoder[own.eot_token_id]
    tokenizer.add_special_tokens([own.decoder[number] for number in own.all_special_ids])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}", special_tokens=[(start, own.sot_token_id), (end, own.eot_token_id)]
    )
    return tokenizer


def _end_with(parent: int) -> None:
    """Whoever asked for the export may be killed; then nobody waits for it."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main(checkpoint: str, target: str) -> int:
    import django

    threading.Thread(target=_end_with, args=[os.getppid()], daemon=True).start()
    django.setup()
    try:
        export(Path(checkpoint), Path(target))
    except BrokenCheckpoint as error:
        sys.stdout.write(f"{error.message}\n")
        return exports.BROKEN
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
