from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Identity(models.Model):
    """Somebody, as a provider of OpenID Connect knows them: what an account here is connected with."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="identities")
    issuer = models.CharField(_("issuer"), max_length=255, editable=False)
    subject = models.CharField(_("subject"), max_length=255, editable=False)
    # What the provider's groups have given: roles by the slugs of libraries.
    given = models.JSONField(default=dict, editable=False)
    created_at = models.DateTimeField(_("connected"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="identity_unique"),
            models.UniqueConstraint(fields=["user", "issuer"], name="identity_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} · {self.issuer}"
