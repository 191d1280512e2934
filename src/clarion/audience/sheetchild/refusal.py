"""What a workbook is refused with."""


class Refused(Exception):
    """The workbook is not converted. The only argument is the problem's code."""
