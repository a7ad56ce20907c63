"""The recipe of the offline model: an image tower trained towards MiniLM sentence vectors."""

from search.embedders import cpu_torchvision  # noqa: F401  comes before timm
