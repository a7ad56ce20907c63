"""The Celery application. Queues: `queries` (a person is waiting), `webhooks` (messages to others), `media`
(renditions), `index` (embedding), `clusters` (grouping), `jobs` (what somebody has asked for and does not wait for)."""

import os

from celery import Celery, Task
from celery.signals import task_postrun, worker_process_init
from django.db import close_old_connections

from dam import alive, broker, garbage, logs, metrics, traces  # noqa: F401  they connect to what workers do

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dam.settings")

broker.install()
app = Celery("dam")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@task_postrun.connect
def return_connection(task: Task, **kwargs: object) -> None:
    """A task's connection goes back to the pool of its process. A new one for every task took a tenth of an import."""
    if not task.request.is_eager:  # then it is still its caller's
        close_old_connections()


@worker_process_init.connect
def settle(**kwargs: object) -> None:
    garbage.settle()
    garbage.keep_freed_memory()
