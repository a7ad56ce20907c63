"""The project package: what ties the apps together, and nothing else."""

from dam.celery import app as celery_app

__all__ = ["celery_app"]
