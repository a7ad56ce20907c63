"""What axe finds wrong with a page."""

from collections.abc import Sequence
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

# All rules; of those that nothing breaks, no list of everything that keeps them, which takes longer than the rules.
BRIEF = {"resultTypes": ["violations"]}

# What is shown has taken on the scheme, and whatever moves on the way there has come to rest.
SETTLED = """new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))).then(
  () => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => null))))"""


def violations(page: Page, schemes: Sequence[Scheme] = SCHEMES) -> list[str]:
    """What is wrong with what it shows, in these schemes."""
    said: list[str] = []
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate(SETTLED)
        for rule in Axe().run(page, options=BRIEF).response["violations"]:
            said += [f"{scheme}, {rule['id']}: {node['html']} {node['failureSummary']}" for node in rule["nodes"]]
    return said
