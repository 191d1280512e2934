"""`python -m clarion.cli`: how the supervisor starts its children."""

from clarion.cli import main

raise SystemExit(main())
