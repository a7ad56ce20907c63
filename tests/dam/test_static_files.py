"""What pages name is compressed when static files are collected, and nothing else."""

import json
from pathlib import Path
from typing import Any

from django.core.management import call_command


def test_what_pages_name_is_compressed_and_nothing_else(tmp_path: Path, settings: Any) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "dam.static_storage.StaticStorage"}}
    call_command("collectstatic", verbosity=0, interactive=False)
    named = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    for path in ("css/base.css", "js/grid.js", "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"):
        compressed = [tmp_path / f"{named[path]}{ending}" for ending in (".br", ".gz")]
        assert all(each.stat().st_size < (tmp_path / path).stat().st_size / 2 for each in compressed), path
    packed = {str(found.relative_to(tmp_path)) for found in tmp_path.rglob("*.br")}
    assert packed <= {f"{name}.br" for name in named.values()}
    assert not [name for name in packed if ".map" in name or "redoc.standalone" in name]
