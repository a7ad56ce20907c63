"""Object detection models as transformers saves them: DETR, YOLOS, RT-DETR and their like.

A folder holds `config.json`, `preprocessor_config.json` and weights as safetensors. Importing this imports torch.
"""

from pathlib import Path
from typing import Any

import torch
from django.conf import settings
from PIL import Image

from search.detectors import Detection
from search.embedders import cpu_torchvision  # noqa: F401  comes before transformers, which imports torchvision


class TransformersDetector:
    def __init__(self, folder: Path) -> None:
        """Raises OSError or ValueError where the folder holds no such model."""
        from transformers import AutoImageProcessor, AutoModelForObjectDetection
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        if not folder.is_dir():
            raise FileNotFoundError(f"There is no folder {folder}.")
        self._processor: Any = AutoImageProcessor.from_pretrained(folder, local_files_only=True)
        self._model: Any = AutoModelForObjectDetection.from_pretrained(
            folder, local_files_only=True, use_safetensors=True
        )
        self._model.eval()

    @torch.inference_mode()
    def detect(self, image: Image.Image) -> list[Detection]:
        """See `search.detectors.Detector`."""
        outputs = self._model(**self._processor(images=image, return_tensors="pt"))
        (found,) = self._processor.post_process_object_detection(
            outputs, threshold=settings.DETECTOR_THRESHOLD, target_sizes=[(image.height, image.width)]
        )
        names = self._model.config.id2label
        return [
            Detection(fractions(box, image), str(names[label]), score)
            for box, label, score in zip(
                found["boxes"].tolist(), found["labels"].tolist(), found["scores"].tolist(), strict=True
            )
        ]


def fractions(corners: list[float], image: Image.Image) -> tuple[float, float, float, float]:
    """Left, upper, right and lower in pixels, which may lie outside, as a part of the picture."""
    left, right = (min(max(side / image.width, 0), 1) for side in corners[::2])
    upper, lower = (min(max(side / image.height, 0), 1) for side in corners[1::2])
    return left, upper, right - left, lower - upper
