"""The content security policy forbids inline scripts and styles, and pages stay small."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
STATIC = settings.BASE_DIR / "static"
FORBIDDEN = {
    "style attribute": r"<[^>]*\sstyle\s*=",
    "style element": r"<style\b",
    "event attribute": r"<[^>]*\son[a-z]+\s*=",
    "inline script": r"<script(?![^>]*\ssrc=)",
    "address with a script": r"javascript:",
    "evaluated htmx attribute": r"hx-(on|vals)\b|hx-trigger=\"[^\"]*\[",
}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_nothing_inline(template: Path) -> None:
    text = template.read_text()
    assert [name for name, pattern in FORBIDDEN.items() if re.search(pattern, text)] == []


def test_every_static_file_that_a_template_names_is_there() -> None:
    named = {name for path in TEMPLATES for name in re.findall(r"{% static '([^']+)' %}", path.read_text())}
    assert [name for name in sorted(named) if not finders.find(name)] == []


def test_every_icon_that_a_template_names_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="i-([^"]+)"', (settings.BASE_DIR / "templates/_sprite.html").read_text()))
    named = {name for path in TEMPLATES for name in re.findall(r'{% icon "([^"]+)" %}', path.read_text())}
    assert named - drawn == set()


def packed(paths: list[Path]) -> int:
    return sum(len(gzip.compress(path.read_bytes())) for path in paths)


def test_scripts_stay_within_60_kilobytes() -> None:
    htmx = Path(str(finders.find("django_htmx/htmx-2.min.js")))
    assert packed([htmx, *STATIC.rglob("*.js")]) < 60_000


def test_styles_stay_within_40_kilobytes() -> None:
    assert packed(list(STATIC.rglob("*.css"))) < 40_000
