"""What becomes of files that have no pixels of their own, and what they cannot do."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageFont

from media_library import images, renditions, sandbox
from media_library.refusals import BadImage
from tests.media_library import drawn, films
from tests.media_library.test_renditions_show_the_picture import COLOURS, close, corners


@pytest.fixture(autouse=True)
def all_let_in(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EXTRA_FORMATS = ["pdf", "video"]
    monkeypatch.setattr(renditions, "PREVIEW", 600)  # encoding what is larger takes longer than the rest


def rendered(content: bytes) -> renditions.Rendered:
    return renditions.render(io.BytesIO(content))


def refusal(content: bytes) -> BadImage:
    with pytest.raises(BadImage) as caught:
        rendered(content)
    return caught.value


def test_a_drawing_is_painted_large_and_keeps_its_own_size() -> None:
    done = rendered(films.quarters())
    assert (done.width, done.height, done.thumb.width, done.preview.width) == (60, 40, 512, 600)
    assert close(corners(done.thumb), COLOURS)


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="30mm" height="20mm"', (113, 76)),
        ('width="2in" height="72pt"', (192, 96)),
        ('viewBox="0 0 60 40"', (60, 40)),
        ('width="120" viewBox="0 0 60 40"', (120, 80)),
        ('width="100%" height="100%" viewBox="-10,-10 60 40"', (60, 40)),
        ("", (300, 150)),
        ('width="-5" height="nan"', (300, 150)),
        ('width="0.2" height="9"', (1, 9)),
    ],
)
def test_the_size_of_a_drawing(attributes: str, size: tuple[int, int]) -> None:
    header = images.inspect(io.BytesIO(films.svg("", attributes)))
    assert (header.format, header.width, header.height) == ("svg", *size)


def test_a_drawing_may_be_in_another_encoding_and_after_comments() -> None:
    text = '<?xml version="1.0" encoding="utf-16"?><!-- drawn by hand -->' + films.quarters().decode()
    assert close(corners(rendered(text.encode("utf-16")).thumb), COLOURS)


def test_texts_are_drawn_where_there_are_fonts(settings: Any, tmp_path: Path) -> None:
    words = films.svg('<text y="30" font-size="20" font-family="Unheard Of">Words</text>')
    settings.SVG_FONTS = ""
    assert rendered(words).colors == []
    (tmp_path / "deep" / "down").mkdir(parents=True)
    usual = ImageFont.load_default(10)
    assert isinstance(usual, ImageFont.FreeTypeFont)
    (tmp_path / "deep" / "down" / "usual.ttf").write_bytes(usual.font_bytes)
    settings.SVG_FONTS = str(tmp_path)
    assert rendered(words).colors


@pytest.mark.parametrize(
    "reference", ["{path}", "file://{path}", "../../../../../../../..{path}", "http://127.0.0.1:9/"]
)
def test_a_drawing_shows_no_other_files(tmp_path: Path, reference: str) -> None:
    drawn.quarters().save(path := tmp_path / "secret.png")
    where = reference.format(path=path)
    inside = f'<image href="{where}" width="60" height="40"/><image xlink:href=" {where}" width="60" height="40"/>'
    css = f"<style>@import url({where}); rect {{fill: url({where})}}</style>"
    filtered = f'<filter id="f"><feImage href="{where}"/></filter><rect filter="url(#f)" width="60" height="40"/>'
    assert rendered(films.svg(inside)).colors == []
    assert {name for name, _share in rendered(films.svg(css + filtered)).colors} <= {"#000000"}


def test_pictures_inside_a_drawing_are_shown() -> None:
    import base64

    data = base64.b64encode(drawn.encoded(drawn.quarters(), "PNG").getvalue()).decode()
    inside = f'<image href="data:image/png;base64,{data}" width="60" height="40"/>'
    assert close(corners(rendered(films.svg(inside)).thumb), COLOURS)


def test_scripts_and_pages_in_a_drawing_do_nothing() -> None:
    inside = '<script>alert(1)</script><foreignObject><iframe src="file:///etc/passwd"/></foreignObject>'
    assert rendered(films.svg(inside)).colors == []


NESTED = "".join(f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 12))
HOSTILE = {
    "laughs": (b'<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + films.svg("&b;"), "undecodable"),
    "a file as entity": (b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + films.svg("&a;"), "undecodable"),
    "huge": (films.svg("", 'width="1e6" height="1e6"'), "too_many_pixels"),
    "deep": (films.svg("<g>" * 100_000 + "</g>" * 100_000), "undecodable"),
    "deep enough for the stack": (films.svg("<g>" * 900 + "</g>" * 900), "decoder_died"),
    "nested uses": (films.svg(f'<defs><rect id="a0"/>{NESTED}</defs><use href="#a11"/>'), "undecodable"),
    "cut": (films.svg()[:-8], "undecodable"),
    "no XML": (b"<svg \x00\xff", "undecodable"),
    "a page": (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "not_an_image"),
    "no encoding": (b'<?xml version="1.0" encoding="no-such"?>' + films.svg(), "undecodable"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_drawing_is_refused(name: str) -> None:
    content, code = HOSTILE[name]
    error = refusal(content)
    assert (error.code, bool(error.message)) == (code, True)


def test_a_drawing_that_takes_too_long_or_too_much_memory(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    blur = '<feTurbulence numOctaves="1000000" baseFrequency="0.01"/>'
    slow = films.svg(f'<filter id="f">{blur}</filter><rect filter="url(#f)" width="60" height="40"/>')
    monkeypatch.setattr(sandbox, "SECONDS", 1)
    assert refusal(slow).code == "too_slow"
    monkeypatch.setattr(renditions, "PREVIEW", 8_000)
    settings.WORKER_MEMORY_BYTES = 200 * 2**20
    assert refusal(films.quarters()).code in {"decoder_died", "too_many_pixels", "undecodable"}


def test_a_document_shows_its_first_page() -> None:
    done = rendered(films.pdf((595, 842), (100, 100)))
    assert (done.width, done.height, done.preview.height, done.exif) == (793, 1123, 600, {"pages": 2})
    assert done.colors == [["#ffffff", 1.0]]


PASSWORD = (  # a document of one empty page, encrypted with 40 bits, whose password nobody knows
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj 4 0 obj<</Filter/Standard/V 1/R 2/P -4/O<"
    + b"00" * 32 + b">/U<" + b"00" * 32 + b">>>endobj trailer<</Root 1 0 R/Encrypt 4 0 R/ID[<00><00>]>>\n%%EOF"
)  # fmt: skip


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (PASSWORD, "encrypted"),
        (films.pdf(), "undecodable"),
        (films.pdf((595, 842))[:200], "undecodable"),
        (b"%PDF-1.7 nothing", "undecodable"),
    ],
)
def test_a_document_that_cannot_be_shown(content: bytes, code: str) -> None:
    assert refusal(content).code == code


@pytest.mark.parametrize("kind", films.CODECS)
def test_a_film_shows_a_frame_that_is_not_its_black_first_one(kind: str) -> None:
    done = rendered(films.film(kind))
    assert (done.width, done.height) == (64, 48)
    assert close(corners(done.thumb), [(255, 0, 0), (0, 0, 255)] * 2, 60)
    assert {"duration", "video_codec"} <= done.exif.keys()


def test_a_film_with_pixels_that_are_not_square_is_shown_as_wide_as_it_is() -> None:
    assert rendered(films.film("mp4", aspect=2)).width == 128


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (films.film("mp4")[:-400], "truncated"),
        (films.film("mkv")[:300], "undecodable"),
        (films.film("mkv", codec="ffv1"), "unknown_codec"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "not_an_image"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "not_an_image"),
        (b"\x00\x00\x00\x14ftypisom\0\0\0\0isom", "undecodable"),
    ],
)
def test_a_film_that_cannot_be_shown(content: bytes, code: str) -> None:
    assert refusal(content).code == code


@pytest.mark.parametrize("content", [films.pdf((9, 9)), films.film("mp4"), films.film("webm")])
def test_documents_and_films_are_let_in_only_where_somebody_wants_them(settings: Any, content: bytes) -> None:
    settings.EXTRA_FORMATS = []
    assert (refusal(content).code, refusal(content).status) == ("not_an_image", 415)


LOCKED = """
import resource, socket
from media_library.limits import lock_down
lock_down(memory=2**30, seconds=1, files=0)
for attempt in (lambda: open("/etc/hostname"), socket.socket):
    try:
        attempt()
    except OSError as error:
        print(error.strerror)
while True:
    pass
"""


def test_the_process_opens_nothing_and_ends_when_its_time_is_over() -> None:
    done = subprocess.run([sys.executable, "-c", LOCKED], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["Too many open files"] * 2
    assert sandbox.code_of(done.returncode) == "too_slow"


def test_a_painter_that_says_nonsense_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    for said in (b"", b"[]\n", b'{"mode": "RGB", "pixels": [9, 9], "size": [9, 9], "facts": {}}\nshort'):
        done = subprocess.CompletedProcess([], -11, said, b"")
        monkeypatch.setattr(sandbox, "run", lambda *_, done=done: done)
        assert refusal(films.quarters()).code == "decoder_died"
