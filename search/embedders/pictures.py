"""Pictures as the models take them."""

from PIL import Image


def flatten(image: Image.Image) -> Image.Image:
    """RGB, with whatever is transparent shown on white."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")
