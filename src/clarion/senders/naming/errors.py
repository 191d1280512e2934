"""What can go wrong with sender names."""


class NameRefused(ValueError):
    """The name, or what is asked of it, is not possible; the text is a sentence for a person."""
