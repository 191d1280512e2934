"""The template tags."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from clarion.web.parts import Action, Column, Confirm


def show(source: str, **values: object) -> str:
    return Template("{% load ui %}" + source).render(
        Context({"request": RequestFactory().get("/x/?sort=-name&q=a"), **values})
    )


class SampleForm(forms.Form):
    email = forms.EmailField(label="Email", help_text="Where <b>answers</b> go.")
    note = forms.CharField(label="Note", required=False)


def test_a_status_is_colour_icon_and_word() -> None:
    badge = show("{% badge 'SENDING' %}")

    assert 'data-status="sending"' in badge
    assert "#send" in badge
    assert "<span>Sending</span>" in badge


def test_a_chip_without_words_still_says_its_channel_and_result() -> None:
    chip = show("{% channel 'sms' result=4 %}")

    assert '<span class="visually-hidden">SMS: Failed</span>' in chip
    assert 'data-mark="bad"' in chip


def test_a_time_is_shown_in_the_active_zone() -> None:
    with timezone.override(ZoneInfo("Europe/Berlin")):
        shown = show("{% moment when 'long' %}", when=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))

    assert "2 Jul 2026, 00:30" in shown
    assert 'datetime="2026-07-02T00:30:00+02:00"' in shown
    assert "Europe/Berlin" in shown
    assert show("{% moment when empty='Never' %}", when=None) == '<span class="dim">Never</span>'


def test_errors_and_help_are_tied_to_their_field() -> None:
    form = SampleForm({"email": "nobody"})
    html = show("{% field form.email %}{% field form.note %}", form=form)

    assert 'aria-describedby="id_email_helptext id_email_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_email_error"' in html
    assert html.count("optional") == 2, "the class and the word, for the note only"


def test_an_action_that_asks_first_carries_its_numbers() -> None:
    one = Action(
        label="Cancel",
        url="/x/cancel",
        method="post",
        fields={"verb": "cancel"},
        confirm=Confirm(
            title="Cancel “<Sale>”?", facts=["5 people will not be messaged.", "Two"], type_to_confirm="Sale"
        ),
    )

    html = show("{% action one %}", one=one)

    assert 'method="post" action="/x/cancel"' in html
    assert 'data-confirm="Cancel “&lt;Sale&gt;”?"' in html
    assert "5 people will not be messaged.&#10;Two" in html
    assert 'data-confirm-type="Sale"' in html
    assert 'name="csrfmiddlewaretoken" value="' in html
    assert 'name="verb" value="cancel"' in html


def test_an_action_that_cannot_be_used_says_why_and_goes_nowhere() -> None:
    html = show(
        "{% action one %}", one=Action(label="Export", url="/x/export", disabled="Nothing to export.")
    )

    assert "/x/export" not in html
    assert 'aria-disabled="true" title="Nothing to export."' in html


def test_heads_sort_both_ways_and_keep_the_filters() -> None:
    columns = [Column(label="Name", sort="name"), Column(label="Start", sort="start"), Column(label="Notes")]

    html = show("{% table_head columns sort='-name' %}", columns=columns)

    assert 'aria-sort="descending"><a href="?sort=name&amp;q=a"' in html
    assert 'aria-sort="none"><a href="?sort=start&amp;q=a"' in html
    assert '<th scope="col">Notes</th>' in html


@pytest.mark.parametrize(
    ("name", "letters"), [("Nadia Karim", "NK"), ("owner@example.com", "OE"), ("Mo", "M"), ("", "")]
)
def test_initials(name: str, letters: str) -> None:
    assert show("{{ name|initials }}", name=name) == letters


def test_help_is_text_unless_it_was_made_as_markup() -> None:
    html = show("{% field form.email %}", form=SampleForm())

    assert "Where &lt;b&gt;answers&lt;/b&gt; go." in html
