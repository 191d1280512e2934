"""All pages. Every module of this package is one noun and is found by itself.

A module may have `urlpatterns` (served as they are) and `workspace_urlpatterns` (served under
`/w/<workspace>/`, behind the wall of `clarion.web.middleware`).
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from django.urls import include, path

_nouns = [import_module(f"{__name__}.{found.name}") for found in sorted(pkgutil.iter_modules(__path__))]

urlpatterns = [
    *(pattern for noun in _nouns for pattern in getattr(noun, "urlpatterns", [])),
    path(
        "w/<slug:workspace>/",
        include([pattern for noun in _nouns for pattern in getattr(noun, "workspace_urlpatterns", [])]),
    ),
]
