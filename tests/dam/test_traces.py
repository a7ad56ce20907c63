"""One trace leads from a request to what its task did in a worker: both as processes, and a collector of the test."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from dam.environment import require_extra
from media_library.models import Asset, Library, User
from tests.stack import ROOT

UPLOAD = """
import sys
from dam.wsgi import application  # as the web server begins it
from django.test import Client
from media_library.models import User
from tests import factories
user = User.objects.get()
client = Client(headers={"X-Request-ID": "from-the-test"})
client.force_login(user)
path = f"/api/v1/libraries/{user.memberships.get().library_id}/assets/"
answer = client.post(path, {"file": factories.file(name="a-secret-name.png")})
assert answer.status_code == 201, answer.content
"""


class Collector(BaseHTTPRequestHandler):
    spans: list[tuple[str, Any]]  # the service, and a span of it

    def do_POST(self) -> None:
        sent = ExportTraceServiceRequest()
        sent.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
        for resource in sent.resource_spans:
            service = attributes(resource.resource)["service.name"]
            self.spans += [(service, span) for scope in resource.scope_spans for span in scope.spans]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


def attributes(of: Any) -> dict[str, str]:
    return {each.key: each.value.string_value for each in of.attributes}


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    Collector.spans = []
    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", Collector.spans
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_upload_and_its_renditions_are_one_trace(
    library: Library, user: User, collector: tuple[str, list[tuple[str, Any]]]
) -> None:
    address, spans = collector
    place, _name, options = settings.DATABASE_URL.partition("?")
    database = f"{place.rpartition('/')[0]}/{connection.settings_dict['NAME']}?{options}"
    environment = os.environ | {
        "DAM_OTLP_ENDPOINT": address,
        "DATABASE_URL": database,
        "DAM_ALLOWED_HOSTS": "testserver",
    }
    command = [sys.executable, "-m", "celery", "-A", "dam", "worker", "-n", "media@%h", "-Q", "media", "-c", "1"]
    worker = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        subprocess.run([sys.executable, "-c", UPLOAD], cwd=ROOT, env=environment, check=True, timeout=120)
        deadline = time.monotonic() + 120
        while not Asset.objects.filter(state=Asset.State.READY).exists():
            assert worker.poll() is None and time.monotonic() < deadline
            time.sleep(0.2)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)

    [(service, request)] = [(service, span) for service, span in spans if span.name.startswith("POST ")]
    assert service == "dam-web"
    tasks = [(service, span) for service, span in spans if span.name == "run/media_library.tasks.render_pending"]
    said = [(service, span.name, span.trace_id == request.trace_id) for service, span in spans]
    assert [(service, span.trace_id) for service, span in tasks] == [("dam-media", request.trace_id)], said
    [(_service, task)] = tasks
    one_trace = [span for _service, span in spans if span.trace_id == request.trace_id]
    assert {attributes(span)["dam.request_id"] for span in (request, task)} == {"from-the-test"}
    assert any(span.parent_span_id == task.span_id and "SELECT" in span.name for span in one_trace)
    assert "a-secret-name" not in str(spans)


def test_the_extra_that_it_needs_is_named() -> None:
    with pytest.raises(
        ImproperlyConfigured, match=r"DAM_OTLP_ENDPOINT needs the package no.such: pip install 'dam\[x\]'"
    ):
        require_extra("DAM_OTLP_ENDPOINT", "no.such", "dam[x]")
