"""The REST API that Cloudinary's SDKs speak: a cloud is a library, the cloud name its slug. See docs/cloudinary.md."""

PREFIX = "/v1_1/"
