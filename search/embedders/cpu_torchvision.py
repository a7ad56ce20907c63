"""torchvision beside a CPU-only torch. Import this module before anything that imports torchvision: timm, open_clip."""

import torch

_declared: list[torch.library.Library] = []


def import_torchvision() -> None:
    try:
        import torchvision
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        # PyPI's torchvision is built against CUDA. Beside a CPU-only torch its compiled operators are missing, though
        # only its transforms are needed here: declaring the two that it looks up at import time is enough.
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _declared.append(library)  # the declarations last as long as this object
        import torchvision  # noqa: F401


import_torchvision()
