"""The running server does what its schema says: schemathesis sends what is valid and what is not, with all checks on.

`make schema-fuzz` runs it for longer. New operations are found in the schema. Whoever adds one with an id in its path
makes such a thing in `things`.
"""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from media_library.models import ApiKey, Library, PersonalToken, User
from tests import factories

HERE = Path(__file__).parent
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "5")
SECONDS = int(os.environ.get("FUZZ_SECONDS", "300"))


def things(library: Library, user: User) -> dict[str, list[str]]:
    """Ids of what there is, by the name of the parameter that takes them."""
    model = factories.model()
    assets = [factories.embedded(library, model, [1.0, number, 1.0] + [0.5] * 45) for number in range(30)]
    regions = [factories.embedded_region(asset, model, [1.0] * 48) for asset in assets]
    spare = [factories.library(user, name=f"Spare {number}") for number in range(20)]
    ids = lambda rows: [str(row.pk) for row in rows]
    return {
        "library_id": ids([library, library, library, *spare]),
        "dataset_id": ids([library, library, library, *spare]),
        "asset_id": ids(assets),
        "media_id": ids(assets),
        "region_id": ids(regions),
        "token_id": ids(PersonalToken.issue(user, "spare")[0] for _ in range(20)),
        "folder": ids(library.folders.create(name=f"Folder {number}") for number in range(3)),
        "cluster_id": [],
        "anchor_id": [],
        "view_id": [],
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("enqueued", "fake_embedder", "eager")
def test_the_server_does_what_its_schema_says(live_server: Any, library: Library, user: User, tmp_path: Path) -> None:
    _token, secret = PersonalToken.issue(user, "fuzz")
    made = things(library, user)
    environment = {
        **os.environ,
        "FUZZ_THINGS": json.dumps(made),
        "FUZZ_PICTURE": base64.b64encode(factories.picture()).decode(),
    }
    command = [
        *[sys.executable, "-m", "schemathesis.cli"] ,
    ]
    command = [
        str(Path(sys.executable).with_name("st")), "--config-file", str(HERE / "schemathesis.toml"), "run",
        f"{live_server.url}{reverse('schema')}", "--include-path-regex", "^/api/v1/", "--max-examples", EXAMPLES,
        "--header", f"Authorization: Bearer {secret}", "--seed", "7", "--checks", "all",
        "--report", "json", "--report-json-path", str(tmp_path / "report.json"),
    ]  # fmt: skip
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    Path("/tmp/fuzz.out").write_text(done.stdout + done.stderr)
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr
