import hashlib

import click

from dam_client.cli.session import Session, shared
from dam_client.cli.showing import say
from dam_client.errors import ApiError
from dam_client.stored import Login

LOOPBACK = "127.0.0.1"


@click.command()
@click.option("--allow-write", is_flag=True, help="Let the assistant tag and describe pictures, too.")
@click.option("--http", is_flag=True, help="Streamable HTTP on this machine, instead of standard input and output.")
@click.option("--port", type=click.IntRange(1, 65535), default=8765, show_default=True, help="Of --http.")
@shared()
def mcp(session: Session, port: int, *, allow_write: bool, http: bool) -> None:
    """Let an assistant search the library, by the Model Context Protocol. Read-only unless --allow-write."""
    try:
        from dam_client.assistants.server import served
    except ModuleNotFoundError as error:
        if error.name not in {"mcp", "mcp_types"}:
            raise
        raise ApiError("The MCP SDK is missing: `pip install mcp` brings it.", code="no_mcp") from error
    session.client.libraries()  # what is wrong with address or token is said now, not to an assistant
    server = served(session.client, session.library_name, allow_write=allow_write)
    if not http:
        server.run("stdio")
        return
    path = secret_path(session)
    say(f"Serving at http://{LOOPBACK}:{port}{path} until Ctrl-C. Whoever has this address has your permissions.")
    server.run("streamable-http", host=LOOPBACK, port=port, streamable_http_path=path)


def secret_path(session: Session) -> str:
    """Other accounts of this machine reach the port as well. The same as long as the token is the same."""
    token = Login.current(session.url).token
    return f"/{hashlib.sha256(f'mcp {token}'.encode()).hexdigest()[:32]}/mcp"
