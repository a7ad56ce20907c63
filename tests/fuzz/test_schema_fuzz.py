"""The running server does what its schema says: schemathesis sends what is valid and what is not, with all checks on.

`make schema-fuzz` runs it for longer, and with every boundary of every schema (the phase `coverage`). New operations
are found in the schema. Whoever adds one with an id in its path makes such a thing in `walk.things`.
"""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from media_library.models import Library, PersonalToken, User
from tests import factories
from tests.fuzz import walk

HERE = Path(__file__).parent
PATHS = os.environ.get("FUZZ_PATHS", "^/api/v1/")
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "2")
PHASES = os.environ.get("FUZZ_PHASES", "examples,fuzzing")
SECONDS = float(os.environ.get("FUZZ_SECONDS", "900"))


def pools(library: Library, user: User) -> dict[str, list[str]]:
    """Of each some, as things are deleted, too; of libraries mostly the one that holds the others."""
    made = walk.things(library, user, factories.model(), many=30)
    spare = [str(factories.library(user, name=f"Spare {number}").pk) for number in range(20)]
    return made | {"library_id": [str(library.pk)] * 3 + spare, "dataset_id": [str(library.pk)] * 3 + spare}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("enqueued", "fake_embedder", "eager")
def test_the_server_does_what_its_schema_says(
    live_server: Any, settings: Any, library: Library, user: User, described: dict[str, Any], tmp_path: Path
) -> None:
    settings.FETCH_ALLOW_HOSTS = ["127.0.0.1"]  # where nothing answers
    _token, secret = PersonalToken.issue(user, "fuzz")
    made = pools(library, user)
    environment = {
        **os.environ,
        "FUZZ_THINGS": json.dumps(made),
        "FUZZ_PICTURE": base64.b64encode(factories.picture()).decode(),
    }
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(described))
    command = [
        str(Path(sys.executable).with_name("st")), "--config-file", str(HERE / "schemathesis.toml"), "run",
        str(schema), "--url", live_server.url, "--include-path-regex", PATHS, "--max-examples", EXAMPLES,
        "--header", f"Authorization: Bearer {secret}", "--seed", "7", "--phases", PHASES, "--checks", "all",
        "--report", "json", "--report-json-path", str(tmp_path / "report.json"),
    ]  # fmt: skip
    report = Path(os.environ.get("FUZZ_REPORT", tmp_path / "report.txt"))
    with report.open("w") as told:
        done = subprocess.run(
            command, env=environment, stdout=told, stderr=subprocess.STDOUT, timeout=SECONDS, check=False
        )
    assert done.returncode == 0, report.read_text()[-20000:]
