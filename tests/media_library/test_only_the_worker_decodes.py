"""Every place of the product that opens a picture is known here, with the reason why it may."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("dam", "media_library", "search")
OPENERS = {"Image.open", "open_lazily", "pixels.decode", "renditions.render", "sandbox.paint", "painter.paint"}
OPENERS |= {"renditions.query_picture", "ImageCms.ImageCmsProfile", "resvg_py.svg_to_bytes", "av.open"}
OPENERS |= {"pypdfium2.PdfDocument", "iterparse", "fromstring"}

WORKER = {  # called by `decoding.decoded` and `anchors.decode`, which only tasks call
    "media_library/decoding.py decoded",
    "media_library/pixels.py decode",
    "media_library/pixels.py _transform",
    "media_library/renditions.py render",
    "media_library/renditions.py query_picture",
    "media_library/renditions.py _crop",
    "media_library/renditions.py _painted",
    "search/anchors.py decode",
}
SANDBOX = {
    "media_library/painters/process.py painted",
    "media_library/painters/svg.py paint",
    "media_library/painters/pdf.py opened",
    "media_library/painters/video.py paint",
}
HEADERS = {  # read anywhere, no pixels
    "media_library/images.py _inspect",
    "media_library/images.py open_lazily",
    "media_library/drawings.py size",
    "dam/embedded/preflight.py _looks_like_a_picture",
}
OURS = {  # pictures that we made ourselves
    "media_library/missing_facts.py facts_of",
    "search/anchors.py cut",
    "search/anchors.py encode",
    "search/encoding.py read",
    "search/unlabelled.py changed",
}
OPERATORS = {  # files that whoever runs the machine names on its command line, or that come with the demo
    "dam/embedded/pictures/collection.py draw",
    "dam/embedded/pictures/collection.py edits",
    "search/management/commands/calibrate_model.py opened",
}


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def openings() -> Iterator[str]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            tree = ast.parse(path.read_text())
            if not any(word in path.read_text() for word in ("PIL", "media_library", "painters", "defusedxml")):
                continue
            for function in ast.walk(tree):
                if isinstance(function, ast.FunctionDef):
                    calls = {name_of(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
                    if calls & OPENERS:
                        yield f"{path.relative_to(ROOT)} {function.name}"


def test_every_place_that_opens_a_picture_is_known() -> None:
    assert set(openings()) == WORKER | SANDBOX | HEADERS | OURS | OPERATORS
