import click

from dam_client.cli.session import Session, shared
from dam_client.errors import ApiError


@click.command()
@click.option("--allow-write", is_flag=True, help="Let the assistant tag and describe pictures, too.")
@click.option("--http", is_flag=True, help="Streamable HTTP on this machine, instead of standard input and output.")
@click.option("--port", type=click.IntRange(1, 65535), default=8765, show_default=True, help="Of --http.")
@shared()
def mcp(session: Session, port: int, *, allow_write: bool, http: bool) -> None:
    """Let an assistant search the library, by the Model Context Protocol. Read-only unless --allow-write."""
    try:
        from dam_client.mcp_server import served
    except ModuleNotFoundError as error:
        if error.name not in {"mcp", "mcp_types"}:
            raise
        raise ApiError("The MCP SDK is missing: pip install 'dam[mcp]'.", code="no_mcp") from error
    server = served(session.client, session.library_name, allow_write=allow_write)
    if http:
        server.run("streamable-http", host="127.0.0.1", port=port)
    else:
        server.run("stdio")
