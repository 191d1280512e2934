"""The demo workspace: sample data of the first start, marked as such and removed by one action."""

from clarion.runtime.demo.operations import NotADemo, Numbers, StillSending, load, numbers, remove

__all__ = ["NotADemo", "Numbers", "StillSending", "load", "numbers", "remove"]
