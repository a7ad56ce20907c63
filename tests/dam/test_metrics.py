"""`/metrics` is what Prometheus can read, for who has the token; dashboard and alerts ask for what is there."""

import json
import re
from typing import Any

import pytest
import yaml
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from dam import metrics
from dam.metrics.names import COUNTERS, GAUGES, HISTOGRAMS
from media_library.models import Library
from search.models import EmbeddingModel
from tests import factories
from tests.media_library.pages import signed_in
from tests.stack import ROOT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]
TOKEN = "t0ken"


@pytest.fixture
def counting(settings: Any) -> Any:
    settings.METRICS_TOKEN = TOKEN
    metrics.recorder.connected().delete(metrics.KEY)
    metrics.recorder.sums.clear()
    yield
    metrics.recorder.bring()
    metrics.recorder.connected().delete(metrics.KEY)


def told(client: Client) -> dict[tuple[str, tuple[str, ...]], float]:
    """By name, and by values of labels in the order of their names."""
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (each.name, tuple(value for _label, value in sorted(each.labels.items()))): each.value
        for family in families
        for each in family.samples
    }


def test_requests_searches_and_states_are_told(
    counting: None, client: Client, library: Library, model: EmbeddingModel
) -> None:
    factories.embedded(library, model, [1.0] * model.dimensions)
    for code in ("too_slow", "broken"):
        factories.asset(library, state="failed", failure_code=code)
    client.get(f"/api/v1/libraries/{library.pk}/search/", {"text": "boat"})
    client.get("/account/security/")
    client.get("/nothing/s3cret/")
    seen = told(Client())
    assert seen["dam_request_seconds_count", ("GET", "security", "200")] == 1
    assert seen["dam_request_seconds_count", ("GET", "-", "404")] == 1
    assert seen["dam_search_seconds_count", ("text", "exact")] == 1
    assert seen["dam_ranking_cache_total", ("miss",)] == 1
    assert seen["dam_failures", ("too_slow", "renditions")] == 1
    assert seen["dam_up", ("database",)] == seen["dam_up", ("redis",)] == 1
    assert "s3cret" not in str(seen) and library.name not in str(seen)


def test_buckets_add_up(counting: None) -> None:
    for seconds in (0.001, 0.2, 0.2, 500.0):
        metrics.observe("dam_task_seconds", seconds, "a", "success")
    seen = told(Client())
    buckets = {labels[0]: value for (name, labels), value in seen.items() if name == "dam_task_seconds_bucket"}
    assert (buckets["0.005"], buckets["0.1"], buckets["0.25"], buckets["120.0"], buckets["+Inf"]) == (1, 1, 3, 3, 4)


def test_nobody_else_learns_that_it_is_there(settings: Any, library: Library) -> None:
    boss = signed_in(factories.user("boss", is_staff=True, is_superuser=True))
    assert boss.get("/metrics").status_code == 404  # it is off
    assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    settings.METRICS_TOKEN = TOKEN
    assert boss.get("/metrics").status_code == 200
    assert Client().get("/metrics").status_code == 404
    assert Client().get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404


def test_dashboard_and_alerts_ask_for_what_is_exported() -> None:
    exported = set(GAUGES) | {f"{name}_total" for name in COUNTERS}
    exported |= {f"{name}_{part}" for name in HISTOGRAMS for part in ("bucket", "sum", "count")}
    dashboard = json.loads((ROOT / "docs/grafana/dashboard.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    rules = yaml.safe_load((ROOT / "docs/grafana/alerts.yml").read_text())
    asked += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    for query in asked:
        names = set(re.findall(r"\bdam_\w+", query))
        assert names and names <= exported, query
    everything = " ".join(asked)
    assert [name for name in {**GAUGES, **COUNTERS, **HISTOGRAMS} if name not in everything] == []
