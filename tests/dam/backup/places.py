"""Libraries in data folders of their own, which are backed up and restored by the command as people start it."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from dam.embedded import addresses
from dam.embedded.servers import servers
from tests.stack import ROOT, environment

SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.faults.settings", "PYTHONPATH": str(ROOT), "DAM_SECRET_KEY": "s" * 50}

FILL = """
from django.core.management import call_command
call_command("migrate", verbosity=0, interactive=False)
from media_library import ingest, processing, versions
from media_library.models import Asset, Library, Membership, Role, User
from search import indexing
from search.models import EmbeddingModel
from tests import factories
user = User.objects.create_user("ann", password="secret")
library = factories.library(user, name="Studio")
EmbeddingModel.objects.create(name="fake", source="fake", dimensions=48, state="active")
for number, color in enumerate(("red", "green", "blue", "yellow", "black", "white")):
    factories.upload(library, user, factories.picture(color), f"{color}.png", tags=[color], description=f"All {color}.")
processing.render_pending()
versions.replace(Asset.objects.get(display_name="red"), user, factories.file(factories.picture("orange"), "orange.png"))
processing.render_pending()
indexing.index_pending()
factories.webhook(library)
"""
SEARCHED = """
import json
from rest_framework.test import APIClient
from media_library.models import Asset, Library, User
client, found = APIClient(), {}
client.force_login(User.objects.get(username="ann"))
library = Library.objects.get()
asked = [f"text={color}" for color in ("red", "blue", "white")]
asked += [f"like={pk}" for pk in Asset.objects.order_by("pk").values_list("pk", flat=True)]
for query in asked:
    body = client.get(f"/api/v1/libraries/{library.pk}/search/?{query}&limit=6", headers={"host": "localhost"}).json()
    found[query] = [(hit["asset"]["id"], hit["distance"]) for hit in body["results"]]
print(json.dumps(found))
"""


@dataclass
class Place:
    data_dir: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.data_dir, 8000) | SETTINGS | self.variables

    def dam(self, *arguments: object) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "dam", *map(str, arguments)]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def done(self, *arguments: object) -> str:
        done = self.dam(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, *arguments: object) -> str:
        """The last thing it says when it fails."""
        done = self.dam(*arguments)
        assert done.returncode == 1, done.stdout
        return done.stderr.strip().splitlines()[-1]

    def django(self, code: str) -> str:
        """While its servers run."""
        command = [sys.executable, "-c", f"import django; django.setup()\n{code}"]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @contextmanager
    def running(self) -> Iterator[None]:
        with servers(self.data_dir):
            yield

    def rows(self) -> dict[str, Any]:
        """Of every table, how many there are and their digest. While its servers run."""
        digests = {}
        with psycopg.connect(addresses.database_url(self.data_dir)) as database:
            tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            for (table,) in database.execute(tables).fetchall():
                digest = sql.SQL("SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {} AS t")
                digests[table] = database.execute(digest.format(sql.Identifier(table))).fetchone()
        return digests

    def seen(self) -> dict[str, Any]:
        """Every row and every file, as digests."""
        return {"rows": self.rows(), "files": self.files()}

    def searched(self) -> dict[str, Any]:
        return dict(json.loads(self.django(SEARCHED)))

    def files(self) -> dict[str, str]:
        folder = self.data_dir / "files"
        return {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*")
            if path.is_file()
        }
