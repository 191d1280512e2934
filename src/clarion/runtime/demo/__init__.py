"""The demo workspace: sample data of the first start, marked as such and removed by one action."""

from clarion.runtime.demo.loading import load
from clarion.runtime.demo.removing import NotADemo, Numbers, StillSending, numbers, remove

__all__ = ["NotADemo", "Numbers", "StillSending", "load", "numbers", "remove"]
