from media_library.models.api_key import ApiKey
from media_library.models.asset import Asset, AssetQuerySet, Rendition
from media_library.models.audit_entry import AuditEntry
from media_library.models.collection import Collection, CollectionItem
from media_library.models.delivery import Delivery, DeliveryAttempt, DeliveryQuerySet
from media_library.models.file_sweep import FileSweep
from media_library.models.folder import Folder, FolderQuerySet, FolderTree
from media_library.models.folder_grant import FolderGrant
from media_library.models.identity import Identity
from media_library.models.import_source import ImportedFile, ImportSource
from media_library.models.job import Job, JobFailure, JobQuerySet, ResultPart
from media_library.models.kept_answer import KeptAnswer
from media_library.models.language import Language
from media_library.models.library import Library, Membership, Role
from media_library.models.metadata_field import MetadataChoice, MetadataField, MetadataValue
from media_library.models.partial_upload import PartialUpload, UploadPart
from media_library.models.second_factor import RecoveryCode, SecondFactor
from media_library.models.session import Session
from media_library.models.share_link import ShareLink
from media_library.models.storage_use import StorageUse
from media_library.models.tag import Tag
from media_library.models.token import PersonalToken
from media_library.models.upload_preset import UploadPreset
from media_library.models.user import User
from media_library.models.version import Version
from media_library.models.webhook import Event, Webhook
from media_library.models.words import AssetWords

__all__ = [
    "ApiKey",
    "Asset",
    "AssetQuerySet",
    "AssetWords",
    "AuditEntry",
    "Collection",
    "CollectionItem",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryQuerySet",
    "Event",
    "FileSweep",
    "Folder",
    "FolderGrant",
    "FolderQuerySet",
    "FolderTree",
    "Identity",
    "ImportSource",
    "ImportedFile",
    "Job",
    "JobFailure",
    "JobQuerySet",
    "KeptAnswer",
    "Language",
    "Library",
    "Membership",
    "MetadataChoice",
    "MetadataField",
    "MetadataValue",
    "PartialUpload",
    "PersonalToken",
    "RecoveryCode",
    "Rendition",
    "ResultPart",
    "Role",
    "SecondFactor",
    "Session",
    "ShareLink",
    "StorageUse",
    "Tag",
    "UploadPart",
    "UploadPreset",
    "User",
    "Version",
    "Webhook",
]
