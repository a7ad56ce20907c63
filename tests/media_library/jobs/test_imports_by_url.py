"""A list of URLs becomes assets, one fetch a step."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from media_library.models import Asset, Job, Library
from tests import factories
from tests.media_library.jobs.doing import begun, counts, failures, post, ran, run, run_step

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


class Site(BaseHTTPRequestHandler):
    served: list[str] = []
    missing: set[str] = set()

    def do_GET(self) -> None:
        self.served.append(self.path)
        number = self.path.strip("/").partition(".")[0]
        self.send_response(404 if self.path in self.missing else 200)
        self.end_headers()
        self.wfile.write(factories.picture(seed=int(number)))

    def log_message(self, *args: object) -> None:
        """Silence."""


@pytest.fixture
def site(settings: Any) -> Iterator[str]:
    Site.served, Site.missing = [], set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{server.server_port}"
    settings.FETCH_ALLOW_HOSTS = [address]
    yield f"http://{address}"
    server.shutdown()


def test_each_is_fetched_once_and_kept(api: Any, library: Library, site: str) -> None:
    urls = [f"{site}/{number}.png" for number in range(3)]
    body = {"urls": [*urls, urls[0]], "tags": ["web"]}
    job = begun(post(api, f"libraries/{library.pk}/imports/", **body))
    assert run_step(job).done == 1
    job = run(job)
    assert (job.state, counts(job)) == (Job.State.DONE, (3, 3, 0, 0))
    assert Site.served == ["/0.png", "/1.png", "/2.png"]
    assert sorted(Asset.objects.filter(tags__name="web").values_list("display_name", flat=True)) == ["0", "1", "2"]


def test_what_fails_is_told_by_its_url_and_tried_again_alone(api: Any, library: Library, site: str) -> None:
    Site.missing = {"/1.png"}
    bad = ["ftp://a.example/", "http://10.0.0.1/a.png"]
    urls = [f"{site}/0.png", f"{site}/1.png", *bad]
    job = ran(post(api, f"libraries/{library.pk}/imports/", urls=urls))
    assert counts(job) == (4, 1, 3, 0)
    assert failures(job) == [(urls[1], "http_status"), (bad[0], "bad_url"), (bad[1], "private_address")]
    Site.missing = set()
    post(api, f"jobs/{job.pk}/retry/")
    job = run(job)
    assert counts(job) == (4, 2, 2, 0)
    assert Site.served == ["/0.png", "/1.png", "/1.png"]


def test_what_the_library_has_is_passed_over(api: Any, library: Library, site: str) -> None:
    urls = [f"{site}/0.png"]
    ran(post(api, f"libraries/{library.pk}/imports/", urls=urls))
    assert counts(ran(post(api, f"libraries/{library.pk}/imports/", urls=urls))) == (1, 0, 0, 1)
    assert Asset.objects.count() == 1
