from django.apps import AppConfig


class WorkspacesConfig(AppConfig):
    name = "clarion.workspaces"
    label = "workspaces"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have sentences of channels and of the library said in the language of whoever asks."""
        from clarion.lib.sentences import speak_with
        from clarion.workspaces import spelling

        speak_with(spelling.sentence)
