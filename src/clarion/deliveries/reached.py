"""Whom a recurring campaign that goes only to new people has written to, whatever became of its runs since."""

from django.db import models


class Reached(models.Model):
    """Somebody who got it from one of the campaign's runs, or may have."""

    pk = models.CompositePrimaryKey("campaign_id", "who")
    campaign_id = models.BigIntegerField()
    #: A digest of the address, seeded by the workspace.
    who = models.BigIntegerField()

    def __str__(self) -> str:
        return f"reached by campaign {self.campaign_id}"


class ReachedRun(models.Model):
    """A run whose people were noted, as it was at that time: one that has ended anew since is noted again."""

    run_id = models.BigIntegerField(primary_key=True)
    campaign_id = models.BigIntegerField(db_index=True)
    noted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"reached by run {self.run_id}"
