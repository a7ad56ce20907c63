"""One frame of a film, decoded by FFmpeg: from the bytes that are given and from nothing they refer to."""

import io
from fractions import Fraction
from typing import Any, cast

import av
import av.subtitles.codeccontext
import av.subtitles.stream  # loaded now: later no file can be opened
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from media_library.painters.painting import Painting, Refused

DEMUXERS = {"mp4": "mp4", "mov": "mov", "webm": "matroska", "mkv": "matroska"}
CODECS = ("h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "libaom-av1", "mpeg4", "mjpeg", "prores", "theora")
# No list of other files, no network, no disk, whatever a container asks for.
CLOSED = {
    "protocol_whitelist": "none",
    "codec_whitelist": ",".join(CODECS),
    "enable_drefs": "0",
    "use_absolute_path": "0",
}
LARGEST = 9_000 * 5_000  # pixels of a frame
LONGEST_SECONDS = 12 * 3600
POSTER_AT, POSTER_BEFORE = 0.1, 5.0  # a tenth in, for many begin black; seconds at most
PACKETS = 500  # that may give no frame


def paint(content: bytes, *, format: str, longest: int) -> Painting:
    """At most `longest` pixels on the longest side, upright, with square pixels."""
    with cast(
        InputContainer, av.open(io.BytesIO(content), format=DEMUXERS[format], options=CLOSED, metadata_errors="ignore")
    ) as film:
        stream = shown(film)
        seconds = length(film, stream)
        image = upright(poster(film, stream, seconds), stream)
        width, height = image.size
        image.thumbnail((longest, longest), Image.Resampling.BICUBIC)
        facts: dict[str, str | int | float] = {"duration": round(seconds, 3)}
        facts["video_codec"] = stream.codec_context.codec.canonical_name
        if rate := stream.average_rate:
            facts["frame_rate"] = round(float(rate), 3)
        return Painting("RGB", *image.size, image.tobytes(), width, height, facts)


def shown(film: InputContainer) -> VideoStream:
    if not film.streams.video:
        raise Refused("no_film")
    stream = film.streams.video[0]
    if stream.codec_context is None or stream.codec_context.name not in CODECS:
        raise Refused("unknown_codec")
    if not 0 < stream.width * stream.height <= LARGEST:
        raise Refused("too_many_pixels")
    stream.thread_type = "NONE"
    return stream


def length(film: InputContainer, stream: VideoStream) -> float:
    """Seconds; 0 where nobody knows."""
    seconds = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
    seconds = seconds or (film.duration or 0) / av.time_base
    if seconds > LONGEST_SECONDS:
        raise Refused("too_long")
    return max(seconds, 0.0)


def poster(film: InputContainer, stream: VideoStream, seconds: float) -> VideoFrame:
    """The first frame that can be decoded near the wanted moment, or from the beginning."""
    for moment in (min(seconds * POSTER_AT, POSTER_BEFORE), 0.0):
        try:
            film.seek(int(moment * av.time_base))
            if frame := first(film, stream):
                return frame
        except av.FFmpegError:
            continue
    raise Refused("undecodable")


def first(film: InputContainer, stream: VideoStream) -> VideoFrame | None:
    for number, packet in enumerate(film.demux(stream)):
        if number > PACKETS:
            return None
        for frame in packet.decode():
            return frame
    return None


def upright(frame: VideoFrame, stream: VideoStream) -> Image.Image:
    if not 0 < frame.width * frame.height <= LARGEST:
        raise Refused("too_many_pixels")
    image = frame.to_image()
    aspect: Any = stream.sample_aspect_ratio or Fraction(1)
    if aspect and aspect != 1 and Fraction(1, 8) < aspect < 8:
        image = image.resize((max(round(image.width * float(aspect)), 1), image.height))
    return image.rotate(frame.rotation, expand=True) if frame.rotation else image
