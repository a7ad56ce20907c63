"""`/healthz`: the process answers. `/readyz`: it can do its work, or what is missing, in sentences."""

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from dam.web import leaving
from search import embedders
from search.models import EmbeddingModel


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    missing, model = [], None
    if leaving.is_set():
        missing.append("This process is about to stop.")
    try:
        if unapplied():
            missing.append("The database is not migrated yet.")
        else:
            model = EmbeddingModel.active()
            missing += missing_model(model)
    except DatabaseError:
        missing.append("The database cannot be reached.")
    try:
        cache.get("readyz")
    except RedisError:
        missing.append("Redis cannot be reached.")
    body = {
        "ready": not missing,
        "missing": missing,
        "model": model.name if model else None,
        "engine": embedders.engine_of(model.source) if model else "",
    }
    return JsonResponse(body, status=503 if missing else 200)


def unapplied() -> list[str]:
    """The migrations that the database has not seen yet, in their order."""
    executor = MigrationExecutor(connection)
    return [str(migration) for migration, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def missing_model(model: EmbeddingModel | None) -> list[str]:
    if model is None:
        return ["No model is set up yet."]
    if failure := embedders.failure(model.source):
        return [f"The model {model.name} cannot be loaded: {failure.message}"]
    return [] if embedders.loaded(model.source) else [f"The model {model.name} is still being loaded."]
