"""How jobs, their failures and the sources of imports look in JSON. Contract: `/api/schema/`."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from media_library.api.priorities import PriorityField
from media_library.api.serializers import FailureSerializer
from media_library.models import Folder, ImportSource, Job, JobFailure
from media_library.models.import_source import S3

MOST_URLS = 1000


class JobFailureSerializer(serializers.ModelSerializer[JobFailure]):
    class Meta:
        model = JobFailure
        fields = ["item", "code", "message", "created_at"]
        read_only_fields = fields


class ResultSerializer(serializers.Serializer[Any]):
    """A file that can be downloaded from `/jobs/{id}/result/`, by its owner."""

    file = serializers.CharField()
    mime_type = serializers.CharField()
    bytes = serializers.IntegerField()


class JobSerializer(serializers.ModelSerializer[Job]):
    """`done`, `failed` and `skipped` count its items, of which there are `total`, if that is known."""

    priority = PriorityField(read_only=True)
    progress = serializers.IntegerField(source="percent", allow_null=True, help_text="Percent.")
    rate = serializers.FloatField(allow_null=True, help_text="Items per second since it was started or resumed.")
    seconds_left = serializers.FloatField(allow_null=True)
    error = serializers.SerializerMethodField(help_text="Why all of it failed.")
    parameters = serializers.DictField(help_text="What was asked for; lists of items are left out.")
    result = ResultSerializer(allow_null=True)

    class Meta:
        model = Job
        fields = [
            *[
                "id",
                "kind",
                "library",
                "owner",
                "state",
                "priority",
                "progress",
                "total",
                "done",
                "failed",
                "skipped",
                "rate",
            ],
            *["seconds_left", "parameters", "created_at", "started_at", "finished_at", "error", "result"],
            "result_expires_at",
        ]
        read_only_fields = fields

    @extend_schema_field(FailureSerializer(allow_null=True))
    def get_error(self, job: Job) -> dict[str, str] | None:
        return {"code": job.error_code, "message": job.error} if job.error_code else None


class JobChangeSerializer(serializers.Serializer[Any]):
    priority = PriorityField(required=False)


class JobDetailSerializer(JobSerializer):
    failures = serializers.SerializerMethodField(help_text="The first hundred; all: `/jobs/{id}/failures/`.")

    class Meta(JobSerializer.Meta):
        fields = [*JobSerializer.Meta.fields, "failures"]

    @extend_schema_field(JobFailureSerializer(many=True))
    def get_failures(self, job: Job) -> Any:
        return JobFailureSerializer(job.failures.all()[:100], many=True).data


class ImportPicturesSerializer(serializers.Serializer[Any]):
    """Exactly one of `urls`, `s3_uri` and `path`."""

    rules = {"oneOf": [{"required": [name]} for name in ("urls", "s3_uri", "path")]}

    urls = serializers.ListField(
        child=serializers.CharField(max_length=2000), required=False, min_length=1, max_length=MOST_URLS
    )
    s3_uri = serializers.RegexField(
        r"^s3://[^/]",
        required=False,
        max_length=1024,
        help_text="`s3://bucket/prefix`, where the administrator allows it.",
        error_messages={"invalid": _("An address in S3 looks like s3://bucket/prefix.")},
    )
    path = serializers.CharField(
        required=False,
        max_length=4000,
        help_text="A folder of the server, below the library's watch folder; `.` is it.",
    )
    folder = serializers.PrimaryKeyRelatedField(
        queryset=Folder.objects.all(),
        required=False,
        allow_null=True,
        pk_field=serializers.UUIDField(),
        help_text="Where they go, and below which folders are made.",
    )
    folders_as = serializers.ChoiceField(
        choices=ImportSource.FoldersAs.choices, required=False, help_text="What the names of folders become."
    )
    tags = serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=100)
    priority = PriorityField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if library := self.context.get("library"):
            seen = Folder.objects.seen_in(library, self.context["user"])
            self.fields["folder"].queryset = seen  # type: ignore[attr-defined]

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if len({"urls", "s3_uri", "path"} & data.keys()) != 1:
            raise serializers.ValidationError(_("Give exactly one of urls, s3_uri and path."))
        return data


class ImportSourceSerializer(serializers.ModelSerializer[ImportSource]):
    kind = serializers.SerializerMethodField()
    imported = serializers.IntegerField(read_only=True, help_text="Files that have become assets.")
    refused = serializers.IntegerField(read_only=True, help_text="Files that were no pictures, or could not be taken.")

    class Meta:
        model = ImportSource
        fields = [
            *[
                "id",
                "library",
                "kind",
                "address",
                "folders_as",
                "watching",
                "look_at",
                "problem",
                "imported",
                "refused",
            ],
            "created_at",
        ]
        read_only_fields = ["id", "library", "address", "look_at", "problem", "created_at"]

    @extend_schema_field(serializers.ChoiceField(choices=["folder", "s3"]))
    def get_kind(self, source: ImportSource) -> str:
        return "s3" if source.address.startswith(S3) else "folder"
