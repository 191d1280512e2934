"""What became of the messages to a contact, small enough to be asked of a million contacts at once."""

from django.db import models
from django.db.models import Q


class ContactActivity(models.Model):
    """One contact in one run: on which days something happened, by the workspace's calendar. Null is not (yet).

    `deliveries.tracking.folding` writes it from the ledger, which stays the record. An open or a click is there
    within seconds, what was sent when the run ends or a minute after.
    """

    pk = models.CompositePrimaryKey("contact_id", "run_id")
    contact = models.ForeignKey(
        "audience.Contact",
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="activity",
    )
    run_id = models.BigIntegerField()
    workspace_id = models.BigIntegerField()
    campaign_id = models.BigIntegerField()
    sent_on = models.DateField(null=True)
    delivered_on = models.DateField(null=True)
    opened_on = models.DateField(null=True)
    clicked_on = models.DateField(null=True)
    answered_on = models.DateField(null=True)
    failed_on = models.DateField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["campaign_id", "contact_id"], name="activity_of_campaign"),
            *(
                models.Index(
                    fields=["workspace_id", f"{kind}_on", "contact_id"],
                    condition=Q(**{f"{kind}_on__isnull": False}),
                    name=f"activity_{kind}",
                )
                for kind in ("sent", "delivered", "opened", "clicked", "answered", "failed")
            ),
        ]

    def __str__(self) -> str:
        return f"contact {self.contact_id} in run {self.run_id}"
