"""`dam mcp` through the SDK's own client over standard input and output, against the running product."""

import base64
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

import anyio
import pytest
from mcp import Client as Assistant
from mcp import StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_types import CallToolResult
from PIL import Image

from dam_client import Client, Library
from tests.client.commands import COMMAND, Shell
from tests.client.drawn import noise

pytestmark = pytest.mark.slow

Steps = Callable[[Assistant], Coroutine[Any, Any, None]]


@asynccontextmanager
async def connected(shell: Shell, *options: str) -> AsyncIterator[Assistant]:
    shell.home.mkdir(exist_ok=True)
    command = StdioServerParameters(
        command=COMMAND[0], args=[*COMMAND[1:], "mcp", *options], env=shell.environment, cwd=str(shell.home)
    )
    async with Assistant(stdio_client(command, errlog=sys.stderr)) as assistant:
        yield assistant


def using(shell: Shell, library: Library, steps: Steps, *options: str) -> None:
    async def main() -> None:
        async with connected(shell, "--library", library.slug, *options) as assistant:
            await steps(assistant)

    anyio.run(main)


def given(result: Any) -> Any:
    assert isinstance(result, CallToolResult)
    assert not result.is_error, result.content
    return result.structured_content


def sentence(result: Any) -> str:
    assert result.is_error
    (content,) = result.content
    return str(content.text)


def test_it_only_reads_unless_it_is_allowed_to_write(shell: Shell, shown: Library) -> None:
    async def steps(assistant: Assistant) -> None:
        tools = (await assistant.list_tools()).tools
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
        assert all(tool.description and len(tool.description) > 30 for tool in tools)
        assert {"search_pictures", "look_at_pictures", "get_picture"} <= {tool.name for tool in tools}
        refused = await assistant.call_tool("tag_pictures", {"pictures": ["x"], "add": ["y"]})
        assert "tag_pictures" in sentence(refused)

    using(shell, shown, steps)


def test_it_searches_looks_and_tells(shell: Shell, shown: Library) -> None:
    async def steps(assistant: Assistant) -> None:
        asked = {"text": "sunset over the sea", "filters": {"folder": "holiday"}, "limit": 3}
        found = given(await assistant.call_tool("search_pictures", asked))
        first = found["pictures"][0]
        assert (first["name"], "name:sunset" in first["reasons"]) == ("Sunset over the sea", True)
        assert first["page"].endswith(f"/assets/{first['id']}/")
        seen = (await assistant.call_tool("look_at_pictures", {"pictures": [first["id"]]})).content
        assert [content.type for content in seen] == ["text", "image"]
        image = Image.open(BytesIO(base64.b64decode(seen[1].data)))
        assert (image.size, seen[1].mime_type) == ((450, 300), "image/webp")
        similar = given(await assistant.call_tool("find_similar_pictures", {"picture": first["id"]}))
        assert similar["pictures"][0]["id"] == first["id"]
        details = given(await assistant.call_tool("get_picture", {"picture": first["id"]}))
        assert (details["folder"], details["format"]) == ("holiday", "jpeg")

    using(shell, shown, steps)


def test_it_lists_and_counts(shell: Shell, shown: Library) -> None:
    async def steps(assistant: Assistant) -> None:
        counted = given(await assistant.call_tool("count_pictures", {"filters": {"orientation": "landscape"}}))
        assert counted["total"] == 8
        listed = given(await assistant.call_tool("list_pictures", {"filters": {"folder": "holiday"}}))
        assert len(listed["pictures"]) == 3
        folders = given(await assistant.call_tool("list_folders", {}))
        assert [folder["name"] for folder in folders["result"]] == ["holiday"]
        libraries = given(await assistant.call_tool("list_libraries", {}))
        assert shown.slug in [library["id"] for library in libraries["result"]]

    using(shell, shown, steps)


def test_what_the_server_refuses_is_its_sentence(shell: Shell, shown: Library) -> None:
    async def steps(assistant: Assistant) -> None:
        call = assistant.call_tool
        assert "colors must be a colour" in sentence(
            await call("search_pictures", {"text": "x", "filters": {"colors": "reddish"}})
        )
        assert "There is no filter “like”" in sentence(
            await call("search_pictures", {"text": "x", "filters": {"like": "/etc/passwd"}})
        )
        absent = await call("get_picture", {"picture": "00000000-0000-0000-0000-000000000000"})
        assert sentence(absent).endswith("There is nothing here, or you may not see it.")
        assert "There is no library nowhere" in sentence(await call("list_tags", {"library": "nowhere"}))

    using(shell, shown, steps)


def test_no_file_and_no_address_is_read_for_an_assistant(shell: Shell, shown: Library) -> None:
    async def steps(assistant: Assistant) -> None:
        for example in ("/etc/passwd", "http://127.0.0.1/", "~"):
            refused = await assistant.call_tool("search_pictures", {"like": [example]})
            assert "take ids of pictures" in sentence(refused)

    using(shell, shown, steps)


def test_allowed_to_write_it_tags_and_describes(shell: Shell, library: Library, dam: Client) -> None:
    asset = library.upload(noise(1), name="a.jpg", tags=["old"])

    async def steps(assistant: Assistant) -> None:
        asked = {"pictures": [str(asset.id)], "add": ["new"], "remove": ["old"]}
        tagged = given(await assistant.call_tool("tag_pictures", asked))
        assert tagged["pictures"][0]["tags"] == ["new"]
        given(await assistant.call_tool("describe_picture", {"picture": str(asset.id), "alt_text": "Noise"}))

    using(shell, library, steps, "--allow-write")
    assert (dam.assets.get(asset).tags, dam.assets.get(asset).alt_text) == (["new"], "Noise")
