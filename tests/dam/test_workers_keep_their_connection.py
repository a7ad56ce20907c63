from types import SimpleNamespace

import pytest
from celery.fixups.django import DjangoWorkerFixup
from django.db import connection

from dam.celery import app, return_connection
from media_library.models import Asset
from media_library.tasks import render_pending


@pytest.mark.django_db(transaction=True)
def test_a_task_hands_its_connection_on_to_the_next() -> None:
    celery_does = DjangoWorkerFixup(app)
    celery_does.worker = SimpleNamespace(pool_cls="prefork")
    Asset.objects.exists()
    pool = connection.pool
    for _task in range(3):
        celery_does.on_task_prerun(render_pending)
        Asset.objects.exists()
        celery_does.on_task_postrun(render_pending)
        return_connection(task=render_pending)
        assert connection.connection is None  # it is back in the pool
    assert connection.pool is pool
    assert not pool.closed
