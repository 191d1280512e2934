"""What a channel's set-up form is to the pages: fields named like the settings, in sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clarion.channels import registry

if TYPE_CHECKING:
    from django.forms import BoundField
    from django.utils.functional import _StrPromise

    Text = str | _StrPromise


class SetupForm(forms.Form):
    """The settings of a sender. It only reads what is typed; the channel's `check_config` says what is wrong.

    Secrets are never shown: an empty secret keeps the one that is set, a ticked `forget_<name>` drops it.
    """

    #: (key, heading, names of fields) in the order of the page.
    SECTIONS: ClassVar[tuple[tuple[str, Text, tuple[str, ...]], ...]] = ()
    #: Fields of the form that stand for a setting of another name.
    FIELD_OF: ClassVar[Mapping[str, str]] = {}
    #: Secrets with a field of their own name.
    SECRET_FIELDS: ClassVar[tuple[str, ...]] = ()
    #: Those of them without which a new sender is refused; an old one keeps what it has.
    NEEDED: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, secrets_set: tuple[str, ...] = (), **kwargs: Any) -> None:
        """`secrets_set` names the secrets that the sender already has."""
        super().__init__(*args, **kwargs)
        self.secrets_set = secrets_set
        for name in self.NEEDED:
            # Left empty, the channel's own sentence says what to give.
            self.fields[name].is_needed = name not in secrets_set  # type: ignore[attr-defined]
        for name in secrets_set:
            field = self.fields.get(self.FIELD_OF.get(name, name))
            label = _("Forget it: %(field)s") % {"field": field.label if field else name}
            self.fields[f"forget_{name}"] = forms.BooleanField(label=label, required=False)
        for name in self.SECRET_FIELDS:
            if name in secrets_set:
                self.fields[name].help_text = _("Set, and never shown again. Leave it empty to keep it.")

    def config(self) -> dict[str, Any]:
        """Return what was typed, by the names of the settings."""
        given = self.cleaned_data
        return {
            name: value
            for name, value in given.items()
            if not name.startswith("forget_") and value is not None
        }

    def forget(self) -> frozenset[str]:
        """Return the names of the secrets to drop."""
        return frozenset(name for name in self.secrets_set if self.cleaned_data.get(f"forget_{name}"))

    def add_problems(self, problems: Mapping[str, str]) -> None:
        """Show each problem at its field."""
        for name, sentence in problems.items():
            field = self.FIELD_OF.get(name, name)
            self.add_error(field if field in self.fields else None, sentence)

    def sections(self) -> Iterator[tuple[str, Text, list[BoundField]]]:
        """Yield (key, heading, fields) as the page shows them."""
        for key, heading, names in self.SECTIONS:
            shown = []
            for name in names:
                shown.append(self[name])
                secret = next(
                    (
                        one
                        for one, field in (*self.FIELD_OF.items(), *((s, s) for s in self.SECRET_FIELDS))
                        if field == name
                    ),
                    "",
                )
                if secret in self.secrets_set:
                    shown.append(self[f"forget_{secret}"])
            yield key, heading, shown


class ConnectionForm(SetupForm):
    """Settings of a sender that connects to a server with a secret of its own."""

    verify_certificate = forms.BooleanField(
        label=gettext_lazy("Check the server's certificate"), required=False, initial=True,
        help_text=gettext_lazy(
            "Without it, anybody between here and the server can read and change the messages."
        ),
    )  # fmt: skip
    allow_cleartext_login = forms.BooleanField(
        label=gettext_lazy("Allow the password or key to go unencrypted"), required=False,
        help_text=gettext_lazy("Only for a network you trust, such as a VPN to the provider."),
    )  # fmt: skip


def setup_form(channel: str, protocol: str = "") -> type[SetupForm]:
    """Return the channel's form, that of the protocol where a channel has several. Raises KeyError for unknown ones."""
    module = import_module(f"{registry.CHANNELS[channel]}.forms")
    form: type[SetupForm] = module.FORMS[protocol] if protocol else module.Form
    return form


def protocols(channel: str) -> Mapping[str, Text]:
    """Return the protocols between which a sender of the channel chooses, each with its label; empty for one."""
    labels: Mapping[str, Text] = getattr(
        import_module(f"{registry.CHANNELS[channel]}.forms"), "PROTOCOLS", {}
    )
    return labels
