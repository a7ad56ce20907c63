"""The processes of the product as `make demo` and docker compose start them, and the wait until they are ready."""

from benchmarks.web import wait_until_up
from dam.embedded import product
from dam.embedded.servers import Servers


def start(servers: Servers, host: str, port: int) -> None:
    data_dir = servers.data_dir
    servers.launch(lambda: product.start_web(data_dir, host, port))
    for part in (
        product.start_media_worker,
        product.start_index_worker,
        product.start_cluster_worker,
        product.start_job_worker,
        product.start_beat,
    ):
        servers.launch(lambda part=part: part(data_dir))  # type: ignore[misc]
    wait_until_up(servers, host, port, "/readyz")
