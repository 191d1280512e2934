"""What a workspace has settled about who may be written to: how often, by which words people stop it, and when a
mailbox that keeps sending messages back is given up."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clarion.workspaces.models import Workspace

#: The longest span of a frequency cap, in days: messages of so many days are counted.
MOST_DAYS = 365
#: Rules of one workspace.
MOST_CAPS = 10


class FrequencyCap(models.Model):
    """A person gets at most so many messages in so many days, on a channel or over all of them."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="frequency_caps")
    #: Empty for all channels together.
    channel = models.CharField(_("channel"), max_length=12, blank=True)
    messages = models.SmallIntegerField(_("messages"))
    days = models.SmallIntegerField(_("days"))

    class Meta:
        ordering = ["channel", "days"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "channel", "days"], name="frequency_cap_once"),
            models.CheckConstraint(
                condition=Q(messages__range=(1, 1000)) & Q(days__range=(1, MOST_DAYS)),
                name="frequency_cap_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.messages} in {self.days} days"


class AnswerWords(models.Model):
    """A language's words by which people answer, and what they are told back, in place of the program's own."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="answer_words")
    #: BCP 47, such as "de" or "pt-br".
    language = models.CharField(_("language"), max_length=12)
    #: As `stopword_defaults.Words` has them.
    stop = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    stop_alone = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    start = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    help = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    #: What is sent back; empty for the program's own sentence.
    stop_reply = models.CharField(max_length=300, blank=True)
    start_reply = models.CharField(max_length=300, blank=True)
    help_reply = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["language"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "language"], name="answer_words_once"),
            models.CheckConstraint(condition=~Q(stop=[]), name="answer_words_can_stop"),
        ]

    def __str__(self) -> str:
        return self.language


class OptOutRules(models.Model):
    """What else is settled; a workspace without a row goes by these defaults."""

    workspace = models.OneToOneField(
        Workspace, on_delete=models.CASCADE, primary_key=True, related_name="opt_out_rules"
    )
    #: An address is given up after so many messages that came back for now, within so many days; 0 for never.
    soft_bounces = models.SmallIntegerField(_("bounces"), default=3)
    soft_days = models.SmallIntegerField(_("days"), default=30)
    #: Whether people who answer STOP, START or HELP are told so, once for each.
    confirms = models.BooleanField(_("confirm answers"), default=True)
    #: Stands at the top of the preference page, in the workspace's own words.
    page_text = models.CharField(_("text of the preference page"), max_length=500, blank=True)
    #: How many days back `deliveries_contacted` reaches for this workspace; 0 when nothing is kept there.
    counted_days = models.SmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(soft_bounces__range=(0, 100)) & Q(soft_days__range=(1, MOST_DAYS)),
                name="opt_out_rules_range",
            ),
        ]

    def __str__(self) -> str:
        return f"opt-out rules of {self.workspace_id}"


class SoftBounce(models.Model):
    """A message that came back for now: a full mailbox, a phone that is off. Kept as long as it may count."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    channel = models.CharField(max_length=12)
    #: Normalised by the channel.
    address = models.CharField(max_length=320)
    at = models.DateTimeField()
    #: The message it was about: a message bounces once, whatever is told how often.
    run_id = models.BigIntegerField()
    delivery_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run_id", "delivery_id"], name="soft_bounce_once")]
        indexes = [
            models.Index(fields=["workspace", "channel", "address", "at"], name="soft_bounce_of_address"),
            models.Index(fields=["at"], name="soft_bounce_oldest"),
        ]

    def __str__(self) -> str:
        return f"bounce of delivery {self.delivery_id} of run {self.run_id}"
