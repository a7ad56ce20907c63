"""`dam mcp` through the SDK's own client over standard input and output, against the running product."""

import base64
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from uuid import UUID

import anyio
import httpx2
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client as Assistant
from mcp import StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_types import CallToolResult, ImageContent, TextContent, Tool
from PIL import Image

from dam_client import Client, Library
from tests.client.commands import COMMAND, Shell
from tests.client.drawn import noise
from tests.stack import Stack, free_port

pytestmark = pytest.mark.slow


class Asking:
    """An assistant that has started `dam mcp`, and waits for each answer."""

    def __init__(self, portal: BlockingPortal, assistant: Assistant) -> None:
        self.portal, self.assistant = portal, assistant

    def tools(self) -> list[Tool]:
        return self.portal.call(self.assistant.list_tools).tools

    def call(self, tool: str, **arguments: Any) -> CallToolResult:
        result = self.portal.call(self.assistant.call_tool, tool, arguments)
        assert isinstance(result, CallToolResult)
        return result

    def given(self, tool: str, **arguments: Any) -> Any:
        result = self.call(tool, **arguments)
        assert not result.is_error, result.content
        return result.structured_content

    def refused(self, tool: str, **arguments: Any) -> str:
        result = self.call(tool, **arguments)
        assert result.is_error
        (content,) = result.content
        assert isinstance(content, TextContent)
        return content.text


@contextmanager
def assisted(shell: Shell, *options: str) -> Iterator[Asking]:
    shell.home.mkdir(exist_ok=True)
    command = StdioServerParameters(
        command=COMMAND[0], args=[*COMMAND[1:], "mcp", *options], env=shell.environment, cwd=str(shell.home)
    )
    assistant = Assistant(stdio_client(command, errlog=sys.__stderr__))
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(assistant):
        yield Asking(portal, assistant)


@pytest.fixture(scope="module")
def reader(stack: Stack, token: str, shown: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    """One that may only read, in the product's library of drawings."""
    shell = Shell(tmp_path_factory.mktemp("assistant"), {"DAM_URL": stack.url, "DAM_TOKEN": token})
    with assisted(shell, "--library", shown.slug) as asking:
        yield asking


def test_it_only_reads_unless_it_is_allowed_to_write(reader: Asking) -> None:
    tools = reader.tools()
    assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
    assert all(tool.description and len(tool.description) > 30 for tool in tools)
    assert {"search_pictures", "look_at_pictures", "get_picture"} <= {tool.name for tool in tools}
    assert "tag_pictures" in reader.refused("tag_pictures", pictures=["x"], add=["y"])


def test_it_finds_by_words_and_by_likeness(reader: Asking) -> None:
    found = reader.given("search_pictures", text="sunset over the sea", filters={"folder": "holiday"}, limit=3)
    first = found["pictures"][0]
    assert (first["name"], "name:sunset" in first["reasons"]) == ("Sunset over the sea", True)
    assert first["page"].endswith(f"/assets/{first['id']}/")
    similar = reader.given("find_similar_pictures", picture=first["id"], filters={"folder": "holiday"})
    assert similar["pictures"][0]["id"] == first["id"]
    assert reader.given("search_pictures", like=[first["id"]], limit=1)["pictures"][0]["id"] == first["id"]


def test_it_looks_at_a_picture_and_tells_of_it(reader: Asking) -> None:
    (first,) = reader.given("search_pictures", text="sunset over the sea", limit=1)["pictures"]
    text, image = reader.call("look_at_pictures", pictures=[first["id"]]).content
    assert isinstance(text, TextContent) and isinstance(image, ImageContent)
    assert Image.open(BytesIO(base64.b64decode(image.data))).size == (450, 300)
    assert (text.text.startswith("Sunset over the sea ("), image.mime_type) == (True, "image/webp")
    details = reader.given("get_picture", picture=first["id"])
    assert (details["folder"], details["format"]) == ("holiday", "jpeg")


def test_it_lists_and_counts(reader: Asking, shown: Library) -> None:
    counted = reader.given("count_pictures", filters={"orientation": "landscape"})
    assert counted["total"] == shown.facets(orientation="landscape").total
    assert len(reader.given("list_pictures", filters={"folder": "holiday"})["pictures"]) == 3
    assert "holiday" in [folder["name"] for folder in reader.given("list_folders")["result"]]
    assert shown.slug in [library["id"] for library in reader.given("list_libraries")["result"]]


def test_what_the_server_refuses_is_its_sentence(reader: Asking) -> None:
    refused = reader.refused
    assert "colors must be a colour" in refused("search_pictures", text="x", filters={"colors": "reddish"})
    assert "There is no filter “like”" in refused("search_pictures", text="x", filters={"like": "/etc/passwd"})
    assert refused("get_picture", picture=str(UUID(int=0))).endswith("There is nothing here, or you may not see it.")
    assert "There is no library nowhere" in refused("list_tags", library="nowhere")


@pytest.mark.parametrize("example", ["/etc/passwd", "http://127.0.0.1/", "~"])
def test_no_file_and_no_address_is_read_for_an_assistant(reader: Asking, example: str) -> None:
    assert "take ids of pictures" in reader.refused("search_pictures", like=[example])


def test_allowed_to_write_it_tags_and_describes(shell: Shell, library: Library, dam: Client) -> None:
    asset = library.upload(noise(1), name="a.jpg", tags=["old"])
    with assisted(shell, "--library", library.slug, "--allow-write") as writer:
        tagged = writer.given("tag_pictures", pictures=[str(asset.id)], add=["new"], remove=["old"])
        writer.given("describe_picture", picture=str(asset.id), alt_text="Noise")
    assert tagged["pictures"][0]["tags"] == ["new"]
    assert (dam.assets.get(asset).tags, dam.assets.get(asset).alt_text) == (["new"], "Noise")


def test_over_http_it_answers_only_at_its_secret_address(shell: Shell, shown: Library) -> None:
    process = shell.start("mcp", "--http", "--port", free_port(), "--library", shown.slug)
    assert process.stderr
    address = process.stderr.readline().split()[2]

    async def main() -> None:
        async with Assistant(address) as assistant:
            found = await assistant.call_tool("search_pictures", {"text": "sunset over the sea"})
            assert isinstance(found, CallToolResult) and found.structured_content
            assert found.structured_content["pictures"][0]["name"] == "Sunset over the sea"

    try:
        until_it_answers(address)
        with ThreadPoolExecutor(1) as aside:  # where no browser of another test runs a loop
            aside.submit(anyio.run, main).result()
        origin = address.rsplit("/", 2)[0]
        assert httpx2.post(f"{origin}/mcp", json={}).status_code == 404
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def until_it_answers(address: str) -> None:
    for _time in range(200):
        try:
            httpx2.get(address, timeout=1)
            return
        except httpx2.TransportError:
            time.sleep(0.05)
    pytest.fail("It does not answer.")
