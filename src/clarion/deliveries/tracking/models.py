"""What of a run is followed, its links, and what people did with them."""

from django.db import models


class Tracking(models.Model):
    """What of a run's step is followed, as it was when the run began, and its counters.

    How many people opened or clicked is counted on the step itself; these count every time they did.
    """

    run = models.ForeignKey("deliveries.Run", on_delete=models.CASCADE, related_name="tracked")
    step = models.SmallIntegerField()
    follows_links = models.BooleanField(default=False)
    follows_opens = models.BooleanField(default=False)
    opens = models.IntegerField(default=0)
    clicks = models.IntegerField(default=0)
    #: What programs did: proxies that fetch ahead, scanners that follow every link. In none of the others.
    machine_opens = models.IntegerField(default=0)
    machine_clicks = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "step"], name="tracking_once")]

    def __str__(self) -> str:
        return f"tracking of step {self.step} of run {self.run_id}"


class Link(models.Model):
    """A link of a run's step. Messages name it by its number."""

    run = models.ForeignKey("deliveries.Run", on_delete=models.CASCADE, related_name="links")
    step = models.SmallIntegerField()
    #: From 1.
    number = models.SmallIntegerField()
    #: The address, or a template of it that is filled in with the recipient's variables.
    target = models.TextField()
    #: People, every time they followed it, and programs.
    people = models.IntegerField(default=0)
    clicks = models.IntegerField(default=0)
    machine_clicks = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "step", "number"], name="link_once")]

    def __str__(self) -> str:
        return f"link {self.number} of step {self.step} of run {self.run_id}"


class TrackedQuarter(models.Model):
    """How often people opened and clicked in a quarter of an hour; zones differ by quarters, so hours fit all."""

    pk = models.CompositePrimaryKey("run_id", "step", "quarter")
    run_id = models.BigIntegerField()
    step = models.SmallIntegerField()
    quarter = models.DateTimeField()
    opens = models.IntegerField(default=0)
    clicks = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.opens} and {self.clicks} at {self.quarter}"


class Hit(models.Model):
    """A request for a link or an image that is not counted yet."""

    id = models.BigAutoField(primary_key=True)
    run_id = models.BigIntegerField()
    delivery_id = models.BigIntegerField()
    #: The link's number; 0 for the image.
    link = models.SmallIntegerField()
    at = models.DateTimeField()
    #: `judging.Mark`s together.
    marks = models.SmallIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["run_id", "at"], name="hit_of_run")]

    def __str__(self) -> str:
        return f"hit of delivery {self.delivery_id} of run {self.run_id}"
