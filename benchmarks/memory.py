"""Memory of web and workers after searches and imports, with a model of the default's size.

ViT-B-32 with random weights takes the memory that it takes with trained ones, so nothing has to be downloaded.
PSS counts shared pages once.
"""

import io
import json
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil
from django.conf import settings

from benchmarks.import_speed import imported, photographs
from benchmarks.tables import table
from benchmarks.web import HOST, PORT, READY_SECONDS
from dam.embedded import product
from dam.embedded.servers import Servers
from media_library.models import Library, PersonalToken, User
from search import activation, switching


def random_vit_b_32(folder: Path) -> None:
    from safetensors.torch import save_file

    from search.embedders.runtime import open_clip

    model = open_clip.create_model("ViT-B-32")
    config = {"model_cfg": open_clip.get_model_config("ViT-B-32"), "preprocess_cfg": model.visual.preprocess_cfg}
    folder.mkdir(parents=True)
    (folder / "open_clip_config.json").write_text(json.dumps(config, default=list))
    weights = {name: tensor.clone().contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, folder / "open_clip_model.safetensors")


def run(servers: Servers) -> None:
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "ViT-B-32"
        random_vit_b_32(folder)
        former, settings.MODEL = settings.MODEL, str(folder)
        switching.switch(activation.activate(), force=True)  # its few pictures are imported by this run
        measure(servers)
        settings.MODEL = former
        switching.switch(activation.activate(), force=True)


def measure(servers: Servers) -> None:
    before = len(servers.running)
    started = time.perf_counter()
    web = servers.launch(lambda: product.start_web(servers.data_dir, HOST, PORT))
    wait_until_ready()
    ready, worked = time.perf_counter() - started, processor_seconds(web.process.pid)
    print(f"The web process was ready after {ready:.1f} s, of which it computed {worked:.1f} s.\n")
    servers.launch(lambda: product.start_media_worker(servers.data_dir))
    servers.launch(lambda: product.start_index_worker(servers.data_dir))
    imported("memory", photographs(64, (1600, 1200)), servers)
    search()
    rows, total = [], 0.0
    for child in servers.running[before:]:
        root = psutil.Process(child.process.pid)
        family = [root, *root.children(recursive=True)]
        pss = sum(process.memory_full_info().pss for process in family) / 2**20
        rows.append([child.name, len(family), f"{pss:.0f}"])
        total += pss
    table("Memory with ViT-B-32", ["part", "processes", "PSS, MB"], [*rows, ["together", "", f"{total:.0f}"]])


def wait_until_ready() -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{PORT}/readyz", timeout=10):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("The web process did not become ready.")


def processor_seconds(pid: int) -> float:
    root = psutil.Process(pid)
    return sum(process.cpu_times().user + process.cpu_times().system for process in [root, *root.children()])


def search() -> None:
    _token, secret = PersonalToken.issue(User.objects.get(username="bench"), "memory")
    library = Library.objects.get(name="memory")
    opener = urllib.request.build_opener()
    opener.addheaders = [("Authorization", f"Bearer {secret}")]
    base = f"http://{HOST}:{PORT}/api/v1/libraries/{library.pk}"
    for text in ("a+red+car", "cold+night", "people+on+a+beach"):
        opener.open(f"{base}/search/?text={text}").read()
    body = io.BytesIO()
    for content in photographs(1, (4000, 3000)):
        body.write(b'--b\r\nContent-Disposition: form-data; name="file"; filename="q.jpg"\r\n\r\n' + content)
    body.write(b"\r\n--b--\r\n")
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    opener.open(urllib.request.Request(f"{base}/anchors/", body.getvalue(), headers)).read()  # noqa: S310
