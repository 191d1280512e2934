"""In which language a page speaks, and how it counts and writes numbers and dates in it."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from clarion.channels import registry
from clarion.channels.base import ConfigInvalid
from clarion.content import compiling
from clarion.content.errors import ContentInvalid
from clarion.content.models import Template, TemplateVersion
from clarion.lib.sentences import said, spoken
from clarion.web import charts, durations, languages, timing_words
from clarion.web.templatetags import ui
from clarion.workspaces import spelling
from clarion.workspaces.models import User, Workspace
from tests import ledgers
from tests.factories import PASSWORD, Cast

LANGUAGES = ("en", "de", "es", "ru", "ar")
WORDS = {"en": "Campaigns", "de": "Kampagnen", "es": "Campañas", "ru": "Кампании", "ar": "الحملات"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def heading(page: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.S)
    assert found is not None
    return unescape(re.sub(r"<[^>]*>", "", found[1])).strip()


def campaigns(client: Client, workspace: Workspace, **headers: str) -> str:
    url = reverse("campaigns", kwargs={"workspace": workspace.slug})
    return client.get(url, headers=headers).content.decode()


@pytest.mark.django_db
class TestChoice:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_a_person_reads_in_the_language_of_their_profile(self, cast: Cast, language: str) -> None:
        User.objects.filter(pk=cast.alice.user.pk).update(language=language)
        Workspace.objects.filter(pk=cast.workspace.pk).update(locale="es" if language == "de" else "de")

        page = campaigns(signed_in(cast.alice.user), cast.workspace, accept_language="fr")

        direction = "rtl" if language == "ar" else "ltr"
        assert f'<html lang="{language}" dir="{direction}"' in page
        assert heading(page) == WORDS[language]

    @pytest.mark.parametrize(
        ("locale", "browser", "word"),
        [("ru", "es", "ru"), ("de-AT", "es", "de"), ("fr", "es-MX, en;q=0.5", "es"), ("fr", "fr, tlh", "en")],
    )
    def test_without_a_choice_the_workspace_and_then_the_browser_decide(
        self, cast: Cast, locale: str, browser: str, word: str
    ) -> None:
        Workspace.objects.filter(pk=cast.workspace.pk).update(locale=locale)

        assert (
            heading(campaigns(signed_in(cast.bob.user), cast.workspace, accept_language=browser))
            == WORDS[word]
        )

    def test_the_profile_offers_every_language_by_its_own_name_and_answers_in_the_chosen_one(
        self, cast: Cast
    ) -> None:
        client = signed_in(cast.alice.user)
        campaigns(client, cast.workspace)
        before = client.get(reverse("profile")).content.decode()

        after = client.post(
            reverse("profile"), {"name": "Alice", "language": "ar", "theme": "", "zone": ""}, follow=True
        )

        assert [
            name for name in ("English", "Deutsch", "Español", "Русский", "العربيّة") if name not in before
        ] == []
        assert 'lang="ar" dir="rtl"' in after.content.decode()
        assert "حُفظ ملفك الشخصي." in after.content.decode()
        cast.alice.user.refresh_from_db()
        assert cast.alice.user.language == "ar"

    def test_pages_of_ones_own_speak_as_the_workspace_did(self, cast: Cast) -> None:
        Workspace.objects.filter(pk=cast.workspace.pk).update(locale="ru")
        client = signed_in(cast.bob.user)
        campaigns(client, cast.workspace)

        assert heading(client.get(reverse("profile")).content.decode()) == "Профиль"

    def test_a_language_that_is_not_there_cannot_be_chosen(self, cast: Cast) -> None:
        answer = signed_in(cast.alice.user).post(
            reverse("profile"), {"name": "A", "language": "fr", "zone": ""}
        )

        assert answer.status_code == 200
        cast.alice.user.refresh_from_db()
        assert cast.alice.user.language == ""

    @pytest.mark.parametrize(
        ("browser", "word"), [("de-CH, en", "Anmelden"), ("ar", "تسجيل الدخول"), ("", "Sign in")]
    )
    def test_whoever_signs_in_is_asked_in_the_browsers_language(
        self, client: Client, browser: str, word: str
    ) -> None:
        assert (
            word
            in client.get(reverse("account_login"), headers={"accept-language": browser}).content.decode()
        )

    def test_errors_of_forms_are_in_the_readers_language(self, client: Client) -> None:
        answer = client.post(
            reverse("account_login"), {"login": "", "password": PASSWORD}, headers={"accept-language": "ru"}
        )

        assert "Обязательное поле." in answer.content.decode()

    def test_a_stranger_learns_nothing_in_any_language(self, cast: Cast) -> None:
        User.objects.filter(pk=cast.mallory.user.pk).update(language="de")
        url = reverse("campaigns", kwargs={"workspace": cast.workspace.slug})

        assert signed_in(cast.mallory.user).get(url).status_code == 404


@pytest.mark.django_db
def test_a_template_and_its_version_stand_in_the_readers_order(cast: Cast) -> None:
    """The name runs in its own direction; else a Latin one would turn the Arabic words and the number round."""
    campaign = ledgers.make_campaign(cast.alice)
    template = Template.objects.create(workspace=cast.workspace, channel="email", name="Shop & more")
    version = TemplateVersion.objects.create(template=template, number=3, source={}, content={})
    campaign.steps.update(template_version=version, body_content={})
    User.objects.filter(pk=cast.alice.user.pk).update(language="ar")
    client = signed_in(cast.alice.user)

    for name in ("campaigns:detail", "campaigns:info"):
        url = reverse(name, kwargs={"workspace": cast.workspace.slug, "id": campaign.public_id})
        page = client.get(url).content.decode()
        assert "<bdi>Shop &amp; more</bdi>، الإصدار 3" in page, name


@pytest.mark.parametrize(
    ("tag", "code"), [("de-AT", "de"), ("RU", "ru"), ("ar_EG", "ar"), ("fr", ""), ("", "")]
)
def test_a_tag_means_a_language_that_is_spoken_or_none(tag: str, code: str) -> None:
    assert languages.spoken(tag) == code


def test_every_language_but_english_has_a_catalogue() -> None:
    from tools import messages

    assert sorted(code for code, _name in settings.LANGUAGES if code != "en") == sorted(messages.PLURALS)


class TestSentencesOfChannels:
    """Channels know no framework; what they refuse is said in the language of whoever asked."""

    def test_a_setting_that_is_wrong_is_named_in_the_readers_language(self) -> None:
        with translation.override("de"), pytest.raises(ConfigInvalid) as refused:
            registry.get("sms").check_config({"host": "", "system_id": "a" * 2000})

        with translation.override("de"):
            problems = refused.value.problems
        assert problems["host"] == "Geben Sie den Hostnamen des SMPP-Servers des Anbieters an."
        assert "characters" not in " ".join(problems.values())

    def test_a_content_is_refused_with_the_languages_numbers(self) -> None:
        long = {"mode": "text", "source": "a" * 20_000, "subject": "", "preheader": "", "text": ""}
        with translation.override("es"), pytest.raises(ContentInvalid) as refused:
            compiling.compile_source("sms", long)

        assert [one.sentence for one in refused.value.problems] == [
            "Se permiten como máximo 10.000 caracteres."
        ]

    def test_a_sentence_inside_of_another_is_said_too(self) -> None:
        made = said(
            "Line %(line)s: %(problem)s.", line=2, problem=said("<%(tag)s> is never closed.", tag="b")
        )

        with translation.override("ru"):
            assert spoken(made) == "Строка 2: <b> не закрыт.."


class TestNumbers:
    @pytest.mark.parametrize(
        ("language", "whole", "part", "share"),
        [
            ("en", "1,234,567", "0.5", "12.3%"),
            ("de", "1.234.567", "0,5", "12,3\xa0%"),
            ("es", "1.234.567", "0,5", "12,3\xa0%"),
            ("ru", "1\xa0234\xa0567", "0,5", "12,3\xa0%"),
            ("ar", "1,234,567", "0.5", "12.3%"),
        ],
    )
    def test_numbers_are_written_as_the_language_does(
        self, language: str, whole: str, part: str, share: str
    ) -> None:
        with translation.override(language):
            assert (spelling.number(1234567), spelling.number(0.5), spelling.percent(12.34)) == (
                whole,
                part,
                share,
            )
            assert ui.grouped(40.0) == "40"
            assert ui.percent_of(1, 3) == spelling.percent(33.3)

    def test_a_number_beside_an_axis_has_the_languages_decimal_mark(self) -> None:
        with translation.override("de"):
            assert charts.short_number(1234) == "1,2k"

    def test_scripts_are_told_the_same_marks(self, client: Client) -> None:
        page = Client().get("/nowhere", headers={"accept-language": "de"}).content.decode()

        assert 'data-decimal="," data-thousands="."' in page


class TestPlurals:
    @pytest.mark.parametrize(
        ("language", "said"),
        [
            ("en", ["1 day", "2 days", "5 days", "11 days", "21 days"]),
            ("de", ["1 Tag", "2 Tage", "5 Tage", "11 Tage", "21 Tage"]),
            ("es", ["1 día", "2 días", "5 días", "11 días", "21 días"]),
            ("ru", ["1 день", "2 дня", "5 дней", "11 дней", "21 день"]),
            ("ar", ["يوم واحد", "يومان", "5 أيام", "11 يومًا", "21 يومًا"]),
        ],
    )
    def test_days_are_counted_by_the_languages_rules(self, language: str, said: list[str]) -> None:
        with translation.override(language):
            assert [durations.in_words(timedelta(days=n)) for n in (1, 2, 5, 11, 21)] == said


class TestDates:
    MOMENT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("language", "day", "moment"),
        [
            ("en", "23 Nov 2026", "Monday 23 November 2026, 09:00 Europe/Berlin"),
            ("de", "23. Nov 2026", "Montag, 23. November 2026, 09:00 Europe/Berlin"),
            ("es", "23 nov 2026", "lunes 23 de noviembre de 2026, 09:00 Europe/Berlin"),
            ("ru", "23 ноя 2026", "Понедельник, 23 ноября 2026, 09:00 Europe/Berlin"),
            ("ar", "23 نوفمبر 2026", "الاثنين، 23 نوفمبر 2026، 09:00 Europe/Berlin"),
        ],
    )
    def test_days_and_moments_are_named_by_the_language(self, language: str, day: str, moment: str) -> None:
        with translation.override(language):
            said = (
                spelling.day(date(2026, 11, 23)).lower(),
                timing_words.moment(self.MOMENT, "Europe/Berlin"),
            )

            assert said == (day.lower(), moment)
            local = self.MOMENT.astimezone(ZoneInfo("Europe/Berlin"))
            comma = "،" if language == "ar" else ","
            assert spelling.moment(local).lower() == f"{day}{comma} 09:00".lower()
