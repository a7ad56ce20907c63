"""Figures as they stand in sentences."""

from django.utils.formats import number_format


def grouped(number: int) -> str:
    """4000 -> "4,000", or as the language of the page writes it."""
    return number_format(number, force_grouping=True)
