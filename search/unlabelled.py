"""A calibration without labels, for models other than the offline one, from pictures of a library itself.

Two things are known of any library. Pictures that were cut, mirrored and compressed again show the same as before: a
hit as near as half of those is strong. And hardly any library shows what `UNRELATED` names: how near its pictures come
to such words is the noise that a hit of a text has to rise above. How far, in deviations of that noise, was measured on
the offline model, and it is assumed that other models are alike in this.
"""

import io
from collections.abc import Sequence

import numpy as np
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from dam.errors import AppError
from media_library.models import Library, Rendition
from search import encoding, neighbourhoods
from search.calibration import BACKGROUND, Kind, Scale, Vectors
from search.embedders import Embedder
from search.models import EmbeddingModel

LEAST_PICTURES = 100
COPIED = 128  # pictures that are changed and encoded again
STRONG_DEVIATIONS, LIKELY_DEVIATIONS = 7.0, 4.0  # of the best hits of unrelated words
STRONG_SHARE = 0.5  # of the changed copies are strong hits of their originals
STANDS_OUT = 2.5  # deviations among pairs of pictures from which on a picture is likely

UNRELATED = (
    "abbey cellar", "air raid siren", "alchemy", "altar cloth", "anaesthesia", "ant farm", "astrolabe", "autopsy",
    "ballast tank", "bassoon", "battering ram", "bell foundry", "black hole", "blast furnace", "blimp", "bobsleigh",
    "cable car", "camel caravan", "catapult", "centrifuge", "cockpit", "coin press", "cyclotron", "decathlon",
    "dirigible", "dog sled", "drawbridge", "falconry", "fencing match", "ferret", "fjord", "funicular", "gallows",
    "geyser", "glass blowing", "gyroscope", "harpsichord", "heart surgery", "hieroglyphs", "iguana", "javelin throw",
    "kabuki theatre", "kiln", "lacrosse", "lava flow", "lemming", "lunar module", "manatee", "meteorite crater",
    "mine shaft", "monorail", "morse code", "nebula", "nuclear reactor", "obelisk", "oil refinery", "orrery",
    "paddle steamer", "pangolin", "periscope", "pole vault", "quarry", "rain forest canopy", "sarcophagus",
    "seismograph", "shipwreck", "sitar", "sled race", "stalactite cave", "sumo wrestling", "sword swallower", "tapir",
    "telegraph", "tightrope walker", "torpedo", "trapeze artist", "trebuchet", "viaduct", "waterwheel",
    "whaling ship", "wind tunnel", "yurt", "zeppelin", "zither",
)  # fmt: skip


class TooFewPictures(AppError):
    code = "too_few_pictures"
    message = _("Calibrating takes a library with at least 100 indexed pictures. Import some, or name labelled photos.")


def scales(pictures: Vectors, words: Vectors, originals: Vectors, copies: Vectors) -> dict[Kind, Scale]:
    """From unit vectors of a library's pictures (n, d), of UNRELATED (m, d), and of pictures (k, d) with a changed copy
    of each (k, d). What is put together of several parts stays uncalibrated: it is compared with the background alone.
    """
    noise = (words @ pictures.T).max(axis=1)
    text = Scale(
        cosine=1,
        deviations=0,
        strong=float(noise.mean() + STRONG_DEVIATIONS * noise.std()),
        likely=float(noise.mean() + LIKELY_DEVIATIONS * noise.std()),
    )
    pairs = (pictures @ pictures.T)[np.triu_indices(len(pictures), 1)]
    strong = float(np.quantile((originals * copies).sum(axis=1), 1 - STRONG_SHARE))
    image = Scale(
        cosine=1, deviations=0, strong=strong, likely=min(strong, float(pairs.mean() + STANDS_OUT * pairs.std()))
    )
    return {"text": text, "image": image}


def of_library(library: Library, model: EmbeddingModel, embedder: Embedder) -> dict[Kind, Scale]:
    """Raises TooFewPictures below LEAST_PICTURES that are indexed."""
    pictures = neighbourhoods.sample(library, model, BACKGROUND)
    if len(pictures) < LEAST_PICTURES:
        raise TooFewPictures
    indexed = Rendition.objects.filter(name=Rendition.Name.THUMB, asset__library=library, asset__deleted_at=None)
    indexed = indexed.filter(asset__embeddings__model=model).order_by("asset_id")
    originals = [encoding.read(thumb) for thumb in indexed[:COPIED]]
    return scales(
        pictures,
        embedder.encode_texts(UNRELATED),
        embedder.encode_images(originals),
        embedder.encode_images(changed(originals)),
    )


def changed(pictures: Sequence[Image.Image]) -> list[Image.Image]:
    """Each cut to three quarters of its area at one corner or the other, every other one mirrored, saved as JPEG 40."""
    copies: list[Image.Image] = []
    for number, picture in enumerate(pictures):
        width, height = (round(side * 0.75**0.5) for side in picture.size)
        left, top = ((picture.width - width, 0), (0, picture.height - height))[number % 2]
        copy = picture.convert("RGB").crop((left, top, left + width, top + height))
        buffer = io.BytesIO()
        (ImageOps.mirror(copy) if number % 4 < 2 else copy).save(buffer, "JPEG", quality=40)
        copies.append(Image.open(buffer))
    return copies
