"""Who comes: users who are signed in, with a token for their programs, and pictures to upload."""

import random
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.test import Client
from PIL import Image

from benchmarks.filling import Filled
from media_library.models import Folder, Membership, PersonalToken, Role, User

PICTURES = 12


def of(filled: Filled, many: int, data_dir: Path) -> dict[str, Any]:
    return {
        "people": [person(filled, number) for number in range(many)],
        "library": str(filled.library.pk),
        "slug": filled.library.slug,
        "folders": [str(pk) for pk in Folder.objects.filter(library=filled.library).values_list("pk", flat=True)],
        "assets": [str(pk) for pk in random.Random(1).sample(filled.ids, 100)],
        "pictures": [str(path) for path in pictures(data_dir)],
    }


def person(filled: Filled, number: int) -> dict[str, str]:
    user, _made = User.objects.get_or_create(username=f"person-{number}")
    Membership.objects.get_or_create(library=filled.library, user=user, defaults={"role": Role.CONTRIBUTOR})
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    return {"session": session, "token": PersonalToken.issue(user, "load")[1]}


def pictures(data_dir: Path) -> list[Path]:
    """Of a telephone's kind: 12 megapixels, about 2 MB."""
    paths = []
    for number in range(PICTURES):
        chance = np.random.default_rng(number)
        small = Image.fromarray(chance.integers(0, 255, (12, 16, 3), np.uint8), "RGB")
        path = data_dir / f"picture-{number}.jpg"
        grain = chance.integers(0, 14, (3000, 4000, 1), np.uint8)
        smooth = np.asarray(small.resize((4000, 3000), Image.Resampling.BICUBIC))
        Image.fromarray((smooth // 2 + grain).astype(np.uint8), "RGB").save(path, quality=85)
        paths.append(path)
    return paths
