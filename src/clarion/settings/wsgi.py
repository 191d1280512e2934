"""The WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clarion.settings")

_pages = get_wsgi_application()

# Needs the settings, which are read by now.
from clarion.public.door import Door  # noqa: E402

application = Door(_pages)
