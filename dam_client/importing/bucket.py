"""Pictures on S3 and its relatives. Keys and addresses come from where boto3 looks: its environment and files."""

import tempfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from dam_client.errors import ApiError
from dam_client.importing.sources import PICTURES, Passed, Source

IN_MEMORY = 16 * 1024 * 1024


def below(address: str, passed: Passed) -> Iterator[Source]:
    """The pictures of `s3://bucket/prefix`. Raises ApiError where the bucket cannot be listed."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, _slash, prefix = address.removeprefix("s3://").partition("/")
    try:
        client = boto3.client("s3")
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            for found in page.get("Contents", []):
                if source := picture(client, bucket, prefix, found, passed):
                    yield source
    except (BotoCoreError, ClientError, ValueError) as error:
        raise ApiError(f"{address} cannot be listed: {error}", code="bad_bucket") from error


def picture(client: Any, bucket: str, prefix: str, found: dict[str, Any], passed: Passed) -> Source | None:
    key = found["Key"]
    # What was named is a folder, or the beginning of one name.
    root = prefix if prefix.endswith("/") else prefix.rpartition("/")[0]
    within = PurePosixPath(key[len(root) :].strip("/") if key.startswith(root) else key)
    if key.endswith("/"):
        return None
    if any(part.startswith(".") for part in within.parts):
        passed.hidden += 1
        return None
    if within.suffix.lower() not in PICTURES:
        passed.others[within.suffix.lower()] += 1
        return None
    return Source(
        f"s3://{bucket}/{key}",
        within.name,
        found["Size"],
        int(found["LastModified"].timestamp()),
        within.parts[:-1],
        open=lambda: opened(client, bucket, key),
    )


def opened(client: Any, bucket: str, key: str) -> BinaryIO:
    """A copy that can be read twice: once for its hash, once to be sent. Raises OSError."""
    from botocore.exceptions import BotoCoreError, ClientError

    copy = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  # whoever asked for it closes it
    try:
        client.download_fileobj(bucket, key, copy)
    except (BotoCoreError, ClientError) as error:
        copy.close()
        raise OSError(f"It cannot be fetched from the bucket: {error}") from error
    copy.seek(0)
    return copy  # type: ignore[return-value]
