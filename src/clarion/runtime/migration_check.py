"""Compare our models with our migrations, without a database."""

from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.questioner import NonInteractiveMigrationQuestioner
from django.db.migrations.state import ProjectState


def missing() -> list[str]:
    """Return the labels of our applications whose models no migration describes."""
    loader = MigrationLoader(None)
    detector = MigrationAutodetector(
        loader.project_state(),
        ProjectState.from_apps(apps),
        NonInteractiveMigrationQuestioner(specified_apps=set(), dry_run=True),
    )
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("clarion.")}
    return sorted(ours & set(detector.changes(graph=loader.graph)))
