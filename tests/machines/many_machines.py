"""Web, media, index and job workers and beat on separate machines that share only PostgreSQL, Redis and a store.

Not among the tests of `make test`: `make test-many-machines`, docs/reliability.md.
"""

import http.client
import io
import json
import os
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests import factories
from tests.client.drawn import noise
from tests.machines.hosts import Hosts
from tests.machines.services import Services, services
from tests.stack import open_folder

pytestmark = pytest.mark.timeout(900)

SET_UP = """
from media_library.models import Library, Membership, PersonalToken, Role, User
user = User.objects.create_superuser("ann", password="secret")
library = Library.objects.create(name="Machines")
Membership.objects.create(library=library, user=user, role=Role.MANAGER)
print(library.pk, PersonalToken.issue(user, "machines")[1])
"""
MACHINES = ("web-1", "web-2", "media", "index", "jobs", "clusters", "beat")
PICTURES = int(os.environ.get("MACHINES_PICTURES", "2000"))  # that are indexed again and again
REPEATED = 3
WAIT_SECONDS = 120


class Site:
    """The API of the library, asked of any web machine."""

    def __init__(self, hosts: Hosts, services: Services, library: str, token: str) -> None:
        self.hosts, self.services, self.library, self.token = hosts, services, library, token

    def ask(self, path: str, body: Any = None, *, web: str = "web-1", method: str = "", **headers: str) -> Any:
        """Gives the answer's JSON, or its bytes; follows redirects to the store."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"} | headers
        url = path if path.startswith("http") else f"{self.hosts.urls[web]}/api/v1/{path}"
        request = urllib.request.Request(url, data, sent, method=method or None)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                content = answer.read()
                return json.loads(content) if "json" in answer.headers.get("Content-Type", "") else content
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {error.read().decode()[:500]}") from error

    def form(self, path: str, content: bytes, name: str, *, web: str) -> Any:
        head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        body = head + content + b"\r\n--x--\r\n"
        return self.ask(path, body, web=web, **{"Content-Type": "multipart/form-data; boundary=x"})

    def upload(self, number: int, web: str = "web-1") -> str:
        picture = factories.picture("teal", seed=number)
        return str(self.form(f"libraries/{self.library}/assets/", picture, f"{number}.png", web=web)["id"])

    def file(self, path: str, *, web: str) -> bytes:
        """Asked of the web machine, fetched from the store without its token."""
        address = urlsplit(self.hosts.urls[web])
        connection = http.client.HTTPConnection(address.netloc, timeout=60)
        connection.request("GET", f"/api/v1/{path}", headers={"Authorization": f"Bearer {self.token}"})
        answer = connection.getresponse()
        body, where = answer.read(), answer.headers["Location"]
        connection.close()
        if answer.status == 200:
            return body
        assert answer.status == 302, (answer.status, body)
        with urllib.request.urlopen(where, timeout=60) as stored:
            return bytes(stored.read())

    def count(self, sql: str) -> int:
        with self.services.database.connect() as connection:
            row = connection.execute(sql).fetchone()
        return int(str(row[0])) if row else 0

    def wait(self, sql: str, wanted: int, *, most: int | None = None) -> None:
        """Until it is `wanted`, or between that and `most`."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not wanted <= (now := self.count(sql)) <= (wanted if most is None else most):
            self.hosts.alive()
            assert time.monotonic() < deadline, f"{sql}: {now}, not {wanted}"
            time.sleep(0.2)

    def job(self, job: dict[str, Any]) -> dict[str, Any]:
        deadline = time.monotonic() + WAIT_SECONDS
        while job["state"] in {"pending", "running"}:
            assert time.monotonic() < deadline, job
            time.sleep(0.3)
            job = self.ask(f"jobs/{job['id']}/", web="web-2")
        assert job["state"] == "done", job
        return job


INDEXED = "SELECT count(*) FROM search_indexentry WHERE state = 'done'"
COMPARED = "SELECT count(*) FROM search_fingerprint WHERE compared_at IS NOT NULL"
WAKE = "from search.indexing import request_indexing; request_indexing()"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with open_folder() as folder, services(folder / "services") as shared:
        hosts = Hosts(folder / "machines", shared.variables | {"DAM_RATE_USER": "1000000/min"})
        try:
            hosts.manage("setup", "migrate", "--verbosity", "0")
            hosts.manage("setup", "setup_model")
            library, token = hosts.manage("setup", "shell", "--verbosity", "0", "--command", SET_UP).split()
            for name in MACHINES:
                hosts.start(name)
            hosts.wait_until_ready()
            yield Site(hosts, shared, library, token)
        finally:
            hosts.stop()


def test_everything_works_across_machines(site: Site) -> None:
    asset = site.upload(1, "web-1")
    resumed = resumable(site, factories.picture("red", seed=2))
    site.wait(INDEXED, 2)
    original = factories.picture("teal", seed=1)
    assert site.file(f"assets/{asset}/file/", web="web-2") == original
    assert site.file(f"assets/{asset}/thumb/", web="web-2")[:4] == b"RIFF"

    found = site.ask(f"libraries/{site.library}/search/", {"text": "red"}, web="web-2")["results"]
    assert {each["asset"]["id"] for each in found} == {asset, resumed}
    anchor = site.form(f"libraries/{site.library}/anchors/", original, "query.png", web="web-2")["id"]
    found = site.ask(f"libraries/{site.library}/search/", {"anchor": [anchor]}, web="web-1")["results"]
    assert found[0]["asset"]["id"] == asset

    job = site.job(site.ask(f"libraries/{site.library}/export/", {"assets": [asset, resumed]}, web="web-1"))
    packed = zipfile.ZipFile(io.BytesIO(site.file(f"jobs/{job['id']}/result/", web="web-2")))
    assert original in {packed.read(name) for name in packed.namelist()}

    newer = factories.picture("blue", seed=3)
    site.form(f"assets/{asset}/versions/", newer, "newer.png", web="web-2")
    deadline = time.monotonic() + WAIT_SECONDS
    while site.file(f"assets/{asset}/file/", web="web-1") != newer:  # once its thumbnail is made
        assert time.monotonic() < deadline
        time.sleep(0.2)

    link = site.ask(f"libraries/{site.library}/share-links/", {"asset": resumed, "downloads": True}, web="web-1")
    path = urlsplit(link["url"]).path
    with urllib.request.urlopen(site.hosts.urls["web-2"] + path, timeout=60) as page:
        assert page.status == 200


def resumable(site: Site, content: bytes) -> str:
    """Its parts go to the two web machines in turn; gives the asset."""
    began = site.ask(
        f"libraries/{site.library}/uploads/", b"", web="web-1",
        **{"Tus-Resumable": "1.0.0", "Upload-Length": str(len(content)), "Upload-Metadata": "filename cmVkLnBuZw=="},
    )  # fmt: skip
    del began
    upload = site.count("SELECT count(*) FROM media_library_partialupload")
    assert upload == 1
    with site.services.database.connect() as connection:
        (pk,) = connection.execute("SELECT id::text FROM media_library_partialupload").fetchone() or ("",)
    step = len(content) // 4 + 1
    for number, start in enumerate(range(0, len(content), step)):
        headers = {
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": str(start),
            "Content-Type": "application/offset+octet-stream",
        }
        web = f"web-{number % 2 + 1}"
        site.ask(f"uploads/{pk}/", content[start : start + step], web=web, method="PATCH", **headers)
    with site.services.database.connect() as connection:
        (asset,) = connection.execute("SELECT asset_id::text FROM media_library_partialupload").fetchone() or ("",)
    return str(asset)


def test_another_index_worker_takes_its_share(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Each has a core of its own, as a machine of one core has. Nothing is done twice, and nothing left."""
    for number in range(PICTURES):
        site.form(f"libraries/{site.library}/assets/", noise(number), f"noise-{number}.jpg", web="web-1")
    site.wait("SELECT count(*) FROM media_library_asset WHERE state = 'processing'", 0)
    site.wait(INDEXED, site.count("SELECT count(*) FROM search_indexentry"))
    site.wait(COMPARED, site.count("SELECT count(*) FROM media_library_asset"))
    site.hosts.stop("index")
    rates = {}
    for workers in (1, 2):
        site.hosts.start(f"index-{workers}", core=workers - 1)
        indexed_again(site)  # with it the new one loads the model
        rates[workers] = [indexed_again(site) for _time in range(REPEATED)]
    assert site.count("SELECT count(*) FROM search_indexentry WHERE attempts > 1") == 0
    with capsys.disabled():
        said = ", ".join(f"{workers} index workers: {median(rate):.0f} a second" for workers, rate in rates.items())
        print(f"\n{PICTURES} pictures, {os.cpu_count()} cores; {said}")  # noqa: T201  the figures are wanted


def indexed_again(site: Site) -> float:
    """Pictures a second, from the first that is done to the last."""
    with site.services.database.connect() as connection:
        connection.execute("UPDATE search_indexentry SET state = 'pending', attempts = 0")
    site.hosts.manage("setup", "shell", "--verbosity", "0", "--command", WAKE)
    many = site.count("SELECT count(*) FROM search_indexentry")
    site.wait(INDEXED, 1, most=many - 1)
    began, before = time.monotonic(), site.count(INDEXED)
    site.wait(INDEXED, many)
    return (many - before) / (time.monotonic() - began)


def test_no_machine_opened_a_file_of_another(site: Site) -> None:
    assert site.hosts.opened_of_others() == []
    own = site.hosts.manage(
        "setup", "shell", "--verbosity", "0", "--command", "import sys; print('sitecustomize' in sys.modules)"
    )
    assert own == "True"  # or nothing was watched
