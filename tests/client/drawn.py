import io
import random

from PIL import Image


def noise(seed: int, size: tuple[int, int] = (120, 80)) -> bytes:
    """A JPEG picture, the same for the same seed."""
    file = io.BytesIO()
    chosen = random.Random(seed)  # noqa: S311
    pixels = bytes(chosen.randrange(256) for _number in range(size[0] * size[1]))
    Image.frombytes("L", size, pixels).convert("RGB").save(file, "JPEG", quality=80)
    return file.getvalue()
