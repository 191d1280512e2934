"""The trail of sign-ins and of what administers the installation, and the providers of single sign-on."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SystemEvent(models.Model):
    """Who got in or was kept out, and who changed how. Append-only; each row's hash covers the one before it."""

    #: Position in the chain, from 1.
    number = models.BigIntegerField(unique=True)
    at = models.DateTimeField(db_index=True)
    #: Whose account it is about.
    user = models.ForeignKey("workspaces.User", null=True, on_delete=models.SET_NULL, related_name="+")
    #: The account's id, which stays when it is removed; 0 for none. None in events of before it was kept.
    user_number = models.BigIntegerField(null=True)
    #: Their address as it was; of a failure, what was typed, shortened.
    who = models.CharField(max_length=254, blank=True)
    #: Who did it, where that is somebody else: an administrator's address, or "command line".
    by = models.CharField(max_length=254, blank=True)
    #: Through which door: web, cli or system.
    via = models.CharField(max_length=8)
    #: Noun and verb, such as "signin.failed".
    action = models.CharField(max_length=60)
    #: How, such as "password" or the name of a key.
    detail = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=45, blank=True)
    #: Browser and system in few words.
    device = models.CharField(max_length=80, blank=True)
    hash = models.BinaryField(max_length=32)

    class Meta:
        indexes = [models.Index(fields=["user", "-number"], name="system_event_by_user")]

    def __str__(self) -> str:
        return f"{self.action} {self.who}"


class IdentityProvider(models.Model):
    """An OpenID Connect provider that vouches for people, set up by a system administrator."""

    #: Stands in the address that the provider sends people back to.
    slug = models.SlugField(max_length=40, unique=True)
    #: As on the button.
    name = models.CharField(_("name"), max_length=40)
    #: The issuer's address; `/.well-known/openid-configuration` is below it.
    issuer = models.CharField(max_length=500)
    client_id = models.CharField(max_length=191)
    #: The client secret, sealed.
    sealed = models.BinaryField(default=bytes, blank=True)
    #: Domains of addresses whose owners get an account at their first sign-in. Others need one already.
    domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name
