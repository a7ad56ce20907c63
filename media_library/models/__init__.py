from media_library.models.api_key import ApiKey
from media_library.models.asset import Asset, AssetQuerySet, Rendition
from media_library.models.folder import Folder
from media_library.models.kept_answer import KeptAnswer
from media_library.models.language import Language
from media_library.models.library import Library, Membership, Role
from media_library.models.tag import Tag
from media_library.models.token import PersonalToken
from media_library.models.user import User
from media_library.models.words import AssetWords

__all__ = [
    "ApiKey",
    "Asset",
    "AssetQuerySet",
    "AssetWords",
    "Folder",
    "KeptAnswer",
    "Language",
    "Library",
    "Membership",
    "PersonalToken",
    "Rendition",
    "Role",
    "Tag",
    "User",
]
