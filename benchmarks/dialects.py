"""What the dialects cost beside the native search: the same examples through each of them in turn, p50 / p95."""

import json
from base64 import b64encode
from collections.abc import Callable

from benchmarks.filling import Filled
from benchmarks.tables import p50_p95, table
from benchmarks.web import Answer, Visitor, web
from dam.embedded.servers import Servers
from media_library.models import ApiKey

Ask = Callable[[str], Answer]
HITS = 50


def run(servers: Servers, filled: Filled, *, queries: int) -> None:
    key, secret = ApiKey.issue(filled.user, "benchmark")
    basic = b64encode(f"{key.key}:{secret}".encode()).decode()
    visitor = Visitor({"Authorization": f"Basic {basic}"})
    library = filled.library
    native = f"/api/v1/libraries/{library.pk}/search/"
    explore = f"/api/v1/explore/{library.pk}"
    visual = f"/v1_1/{library.slug}/resources/visual_search"
    asks: dict[str, tuple[Ask, str]] = {
        "native": (lambda pk: visitor.get(native, {"like": pk, "limit": str(HITS)}), "results"),
        "Cloudinary": (
            lambda pk: visitor.get(visual, {"image_asset_id": pk, "max_results": str(HITS)}),
            "resources",
        ),
        "native, 400 hits": (lambda pk: visitor.get(native, {"like": pk, "limit": "400"}), "results"),
        "Visual Layer": (
            lambda pk: visitor.get(explore, {"entity_type": "IMAGES", "anchor_media_id": pk, "anchor_type": "MEDIA"}),
            "clusters",
        ),
    }
    times: dict[str, list[float]] = {name: [] for name in asks}
    shown: dict[str, str] = {}
    with web(servers):
        for number in range(-5, queries):  # the first five warm up
            for name, (ask, items) in asks.items():
                answer = ask(str(filled.ids[number]))
                if number >= 0:
                    times[name].append(answer.ms)
                    shown[name] = f"{len(json.loads(answer.body)[items])} {items}, {len(answer.body) // 1024} KB"
    rows = [[name, p50_p95(taken), shown[name]] for name, taken in times.items()]
    table(f"Find similar, {len(filled.ids):,} assets, ms p50 / p95", ["API", "whole request", "answer"], rows)
