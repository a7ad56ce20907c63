from collections.abc import Iterable, Iterator

from whitenoise.storage import CompressedManifestStaticFilesStorage

IMPORTS = (r"""(?P<matched>from "(?P<url>\./[\w-]+\.js)")""", 'from "%(url)s"')
NEVER_ASKED_FOR = (".map", "/redoc.standalone")  # but by who debugs the packages that they come with


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Files named by their content and compressed; so are the modules that our scripts import, and no browser ever
    mixes two versions. Django's own switch for this stumbles over comments in other packages' scripts.
    """

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", (IMPORTS,)))

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Only what pages name: all of it would take four times as long, at the first start of everybody."""
        named = set(self.hashed_files.values())
        wanted = [path for path in paths if path in named and not any(part in path for part in NEVER_ASKED_FOR)]
        yield from super().compress_files(wanted)
