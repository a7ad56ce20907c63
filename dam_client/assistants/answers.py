"""What the tools answer: less than the API does, because an assistant reads all of it."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from dam_client.searching import Found
from dam_client.shapes import Asset, Hit


class Picture(BaseModel):
    id: str
    name: str
    page: str = Field(description="Its page, for people.")
    width: int
    height: int
    tags: list[str]
    description: str
    taken_at: str | None
    match: Literal["strong", "likely", "weak"] | None = Field(default=None, description="How well it matches.")
    reasons: list[str] = Field(default=[], description="Why it was found: its looks (visual), or words, as tag:sea.")


class Pictures(BaseModel):
    pictures: list[Picture]
    strong: int = Field(default=0, description="How many strong matches there are in all.")
    note: str = ""


class Details(Picture):
    folder: str | None
    alt_text: str
    metadata: dict[str, Any]
    exif: dict[str, Any]
    camera: str
    format: str
    bytes: int
    possible_duplicates: list[str]


class Named(BaseModel):
    id: str
    name: str
    detail: str = ""


def facts(asset: Asset) -> dict[str, Any]:
    return {
        "id": str(asset.id),
        "name": asset.display_name,
        "page": asset.urls.page,
        "width": asset.width,
        "height": asset.height,
        "tags": asset.tags,
        "description": asset.description,
        "taken_at": asset.taken_at.isoformat() if asset.taken_at else None,
    }


def answered(found: Found[Hit]) -> Pictures:
    hits = list(found)
    note = (
        ""
        if found.strong or not hits
        else "Nothing matches strongly: these are the nearest. Look before you trust them."
    )
    pictures = [Picture(**facts(hit.asset), match=hit.band, reasons=hit.reasons) for hit in hits]
    return Pictures(pictures=pictures, strong=found.strong, note=note if hits else "Nothing was found.")
