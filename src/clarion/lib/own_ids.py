"""Our own ids of a message as providers carry them for us: run and delivery, "12.34"."""


def read(text: str) -> tuple[int, int] | None:
    """Return (run, delivery) from what a provider brought back; None for anything else."""
    run, dot, delivery = text.partition(".")
    is_ours = dot and run.isascii() and run.isdecimal() and delivery.isascii() and delivery.isdecimal()
    return (int(run), int(delivery)) if is_ours and len(run) < 19 and len(delivery) < 19 else None
