from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command
from django.test import Client

NOUNS = {
    "members": "username",
    "folders": "folder_id",
    "tags": "tag_id",
    "collections": "collection_id",
    "saved-searches": "search_id",
}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict:
    path = Path(tmp_path_factory.mktemp("schema")) / "schema.yml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(path), stderr=StringIO())
    return yaml.safe_load(path.read_text())


def test_the_schema_is_valid_and_without_warnings(schema: dict) -> None:
    assert schema["openapi"].startswith("3.1")
    assert len(schema["paths"]) >= 14


def test_the_schema_says_how_to_sign_in(schema: dict) -> None:
    assert schema["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert schema["paths"]["/api/v1/token/"]["post"].get("security", [{}]) == [{}]


def test_every_endpoint_of_the_contract_is_there(schema: dict) -> None:
    library, asset = "/api/v1/libraries/{library_id}/", "/api/v1/assets/{asset_id}/"
    wanted = {
        "/api/v1/libraries/": {"get", "post"},
        library: {"get", "patch", "delete"},
        f"{library}assets/": {"get", "post"},
        f"{library}search/": {"get", "post"},
        f"{library}facets/": {"get"},
        f"{library}search/facets/": {"get"},
        f"{library}anchors/": {"post"},
        f"{library}clusters/": {"get"},
        f"{library}duplicates/": {"get"},
        f"{library}duplicates/decisions/": {"post"},
        **{f"{library}{path}/": {"get", "post"} for path in NOUNS},
        **{f"{library}{path}/{{{name}}}/": {"get", "patch", "delete"} for path, name in NOUNS.items()},
        f"{library}collections/{{collection_id}}/assets/": {"get", "post"},
        f"{asset}history/": {"get"},
        f"{asset}reindex/": {"post"},
        f"{library}bulk/": {"post"},
        f"{library}export/": {"post"},
        f"{library}imports/": {"get", "post"},
        "/api/v1/import-sources/{source_id}/": {"get", "patch"},
        "/api/v1/jobs/": {"get"},
        "/api/v1/jobs/{job_id}/": {"get"},
        **{f"/api/v1/jobs/{{job_id}}/{verb}/": {"post"} for verb in ("cancel", "pause", "resume", "retry")},
        **{f"/api/v1/jobs/{{job_id}}/{part}/": {"get"} for part in ("failures", "result")},
        asset: {"get", "patch", "delete"},
        "/api/v1/webhooks/": {"get", "post"},
        "/api/v1/webhooks/{webhook_id}/": {"get", "patch", "delete"},
        "/api/v1/webhooks/{webhook_id}/test/": {"post"},
        "/api/v1/webhooks/{webhook_id}/deliveries/": {"get"},
        "/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay/": {"post"},
        **{f"{asset}{path}/": {"get"} for path in ("file", "thumb", "preview", "similar")},
    }
    for path, methods in wanted.items():
        assert methods <= schema["paths"][path].keys(), path


@pytest.mark.usefixtures("servers")  # the rate limit counts in Redis
def test_the_browsable_documentation_comes_from_this_server_alone() -> None:
    page = Client().get("/api/docs/").content.decode()
    assert "swagger" in page
    assert "//cdn" not in page
    assert "<script>" not in page
    assert "<style>" not in page
