"""What schemathesis is told about this server: what there is, and what a schema cannot say of valid requests.

A schema says that a folder is a UUID, not which folders there are; that a text is a cursor, not that the server has
signed it. So that requests get further than 400 and 404, such values are replaced in what is *valid* by ones that there
are, as `FUZZ_THINGS` lists them by name, or left out. What is invalid on purpose stays as it is.
"""

import base64
import json
import os
import random
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation

THINGS: dict[str, list[str]] = json.loads(os.environ["FUZZ_THINGS"])
PICTURE = base64.b64decode(os.environ["FUZZ_PICTURE"])
NOWHERE = "http://127.0.0.1:9/picture.png"  # nothing is asked of anybody else
LATER = "2099-01-01T00:00:00Z"
BOX = {"x": 0.1, "y": 0.1, "width": 0.8, "height": 0.8}
CSV = b"picture,label,x,y,width,height\nsea.png,boat,0.1,0.1,0.5,0.5\n"

# Signed by the server, or made of other members by rules that no schema tells: left out where they are valid.
LEFT_OUT = {
    "cursor",
    "filters",  # the parameters of a list, each with its rules
    "weight",  # of what else is in the search
    "weights",
    "libraries",  # that there are
    "names",
    "box",  # has to lie inside, and to have exactly one picture
    "labels_json",
    "before",  # that is in the collection
    "sort",  # by what only some lists have
    "stack",  # of a collapsed search, the id of one that is in it
    "default",  # of a field, by its type and rules
    "validation",
    "vql",  # a language of its own: tests/contracts/visual_layer/test_filter_language.py
}
# Pairs of which the first must not be above the second: only one is sent.
RANGES = ("taken", "created", "width", "height", "bytes")
# Each with what it is of no use without.
COMPANIONS = {"anchor_media_id": "anchor_type", "anchor_type": "anchor_media_id"}
WANTED = ("text", "like", "anchor", "file", "image_url")
counter = iter(range(10**9))
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
chosen = random.Random(7)  # noqa: S311  repeatable


def thing(name: str, method: str) -> Any:
    """One that there is; of those that are deleted each once."""
    pool = THINGS.get(name, [])
    if method == "DELETE" and len(pool) > 3:
        return pool.pop()
    return chosen.choice(pool[:3]) if pool else None


def is_valid(case: Any, location: ParameterLocation) -> bool:
    if case.meta is None:
        return True
    component = case.meta.components.get(location)
    blamed = getattr(case.meta.phase.data, "parameter_location", None)
    if case.meta.generation.mode.is_negative and blamed in (None, location) and location != ParameterLocation.PATH:
        return False
    return component is None or component.mode.is_positive


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    if is_valid(case, ParameterLocation.PATH):
        for name in case.path_parameters or {}:
            if (known := thing(name, case.method)) is not None:
                case.path_parameters[name] = known
    if is_valid(case, ParameterLocation.HEADER) and case.headers and "If-Match" in case.headers:
        case.headers["If-Match"] = "*"
    if is_valid(case, ParameterLocation.HEADER) and case.headers:
        case.headers.pop("Upload-Metadata", None)  # names with values in base64, each with its rules
        if "Upload-Length" in case.headers:
            case.headers["Upload-Length"] = "9"  # over 40 MB it is 413
    if is_valid(case, ParameterLocation.QUERY) and isinstance(case.query, dict):
        told(case.query)
        if case.path.endswith(("/search/", "/search/ids/", "/search/facets/")) and case.method == "GET":
            case.query.setdefault("text", "red")  # something has to be looked for
            case.query["text"] = case.query["text"] if str(case.query["text"]).strip() else "red"
        if "/explore/" in case.path:
            for name in ("labels", "tags"):  # lists written as JSON
                case.query.pop(name, None)
    if is_valid(case, ParameterLocation.BODY) and isinstance(case.body, dict):
        told(case.body)
        by_operation(case)


def told(params: dict[str, Any]) -> None:
    """Valid values as they can be."""
    for name in [*params]:
        if name in LEFT_OUT or name.startswith("metadata.<"):
            del params[name]
        elif name in THINGS and params[name] is not None:
            params[name] = thing(name, "GET")
    if isinstance(params.get("assets"), list):
        params["assets"] = THINGS["asset_id"][: max(2, min(5, len(params["assets"])))]
    if "file_name" in params:
        params["file_name"] = "harbour"  # something that is visible
    if "free_metadata" in params:
        params["free_metadata"] = True  # the examples of assets bring some
    for name, query in (("params", {"text": "red", "tags": ["harbour"]}), ("query", {"tags": ["harbour"]})):
        if isinstance(params.get(name), dict):
            params[name] = query
    for name in ("like", "unlike", "anchor", "not_text"):  # at most 20 together
        if isinstance(params.get(name), list):
            params[name] = params[name][:5]
    for name in [name for name, other in COMPANIONS.items() if name in params and not params.get(other)]:
        del params[name]
    for subject in RANGES:
        for low, high in ((f"{subject}_after", f"{subject}_before"), (f"min_{subject}", f"max_{subject}")):
            if low in params and high in params:
                del params[high]
    for name, value in (("url", NOWHERE), ("image_url", NOWHERE), ("expires_at", LATER), ("file", PICTURE)):
        if params.get(name) is not None:
            params[name] = value
    for name in ("name", "dataset_name", "value"):  # of which there may be one
        if isinstance(params.get(name), str):
            params[name] = f"{params[name].strip()[:80]} {next(counter)}"


def by_operation(case: Any) -> None:
    body = case.body
    if case.path.endswith("/regions/import/"):
        body["file"], body["format"] = CSV, "csv"
    if case.path.endswith(("/search/", "/search/ids/")) and not any(body.get(name) for name in WANTED):
        body["text"] = "red"  # something has to be looked for
    if case.path.endswith("/anchors/"):  # exactly one of four
        given = [name for name in ("file", "image_url", "asset", "anchor") if name in body]
        for name in given[1:]:
            del body[name]
        if not given:
            body["asset"] = thing("asset_id", "GET")
    if case.path == "/api/v1/token/":  # one pair and not a part of the other
        for name in ("username", "password") if {"api_key", "api_secret"} <= body.keys() else ("api_key", "api_secret"):
            body.pop(name, None)
    if case.path.endswith("/bulk/"):  # each action has something that it needs
        body |= {"tags": ["harbour"], "folder": None, "metadata": {"project": "Coast"}}
        body["collection"] = thing("collection_id", "GET")
    if case.path.endswith("/grants/"):  # to one of those who there are
        body.pop("group", None)
        body["user"] = thing("username", "GET")
    if case.path.endswith("/collections/") and "params" not in body:
        body.pop("band", None)
    if case.path.endswith("/fields/") and body.get("type") not in {"choice", "choices"}:
        body.pop("choices", None)
    if case.path == "/api/v1/webhooks/" or "/imports/" in case.path:
        body |= {
            name: value for name, value in (("library", THINGS["library_id"][0]), ("urls", [NOWHERE])) if name in body
        }
    if case.path.endswith("/decisions/"):  # `undo` wants a decision, all else a group
        body["decision"] = "00000000-0000-4000-8000-000000000000"
        body["assets"] = THINGS["asset_id"][: max(2, len(body.get("assets", [])))]
        body["keep"] = body["assets"][0]
    if "/regions/" in case.path and "import" not in case.path and (case.method == "POST" or chosen.random() < 0.5):
        body["box"] = BOX
