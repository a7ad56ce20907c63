"""A Python client of the library's REST API, the command line `dam`, and an MCP server: they need nothing of the server
but its address."""

from dam_client.client import Client
from dam_client.errors import ApiError
from dam_client.library import Library
from dam_client.searching import Crop, Found
from dam_client.shapes import Anchor, Asset, Box, Folder, Hit, IdHit, Job, Region

__all__ = [
    "Anchor",
    "ApiError",
    "Asset",
    "Box",
    "Client",
    "Crop",
    "Folder",
    "Found",
    "Hit",
    "IdHit",
    "Job",
    "Library",
    "Region",
]
