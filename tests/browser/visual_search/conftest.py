from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.stack import Stack


@pytest.fixture
def results(page: Page, library: str) -> Page:
    page.goto(f"{library}search/?text=red")
    return page


@pytest.fixture
def alike(page: Page, stack: Stack, library: str) -> Iterator[list[str]]:
    """The ids of two pictures of the library that are known to look alike."""
    made = stack.django(
        "from django.utils import timezone\n"
        "from media_library.models import Asset\n"
        "from search.models import DuplicatePair\n"
        f"here = Asset.objects.live().filter(state='ready', library__slug='{library.split('/')[2]}')\n"
        "pair = list(here.order_by('created_at')[:2])\n"
        "DuplicatePair.of(*pair, kind='near', score=0.9, found_at=timezone.now()).save()\n"
        "print(*(asset.pk for asset in pair))"
    ).split()
    yield made
    stack.django(f"from search.models import DuplicatePair\nDuplicatePair.objects.filter(first__in={made}).delete()")
