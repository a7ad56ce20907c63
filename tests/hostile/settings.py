"""Those of `tests.faults`, and decoders that can be told to misbehave."""

from tests.faults.settings import *  # noqa: F403
from tests.faults.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.hostile.apps.Misbehaving"]
