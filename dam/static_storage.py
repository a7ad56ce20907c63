from whitenoise.storage import CompressedManifestStaticFilesStorage

IMPORTS = (r"""(?P<matched>from "(?P<url>\./[\w-]+\.js)")""", 'from "%(url)s"')


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Files named by their content and compressed; so are the modules that our scripts import, and no browser ever
    mixes two versions. Django's own switch for this stumbles over comments in other packages' scripts.
    """

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", (IMPORTS,)))
