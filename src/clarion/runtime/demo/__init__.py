"""The demo workspace: sample data of the first start, marked as such and removed by one action.

A further, generated one is as large as one likes, to measure with.
"""

from clarion.runtime.demo.large import Size
from clarion.runtime.demo.large import load as load_large
from clarion.runtime.demo.operations import NotADemo, Numbers, StillSending, load, numbers, remove

__all__ = ["NotADemo", "Numbers", "Size", "StillSending", "load", "load_large", "numbers", "remove"]
