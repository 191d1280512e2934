"""The only Django settings. What an installation may choose is in `table`, and comes from the environment.

Bad settings end the program with exit code 2 and one list of all problems, never a traceback.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from clarion.lib.proxies import Network
from clarion.lib.reach import Reach
from clarion.settings import database, env, keys, logging, security, table

PACKAGE = Path(__file__).resolve().parent.parent

try:
    _values = env.read(table.SETTINGS, os.environ)
    if _problem := table.home_problem(_values["HOME"]) or table.oidc_problem(_values):
        raise env.SettingsInvalid([_problem])
except env.SettingsInvalid as _invalid:
    sys.stderr.write(_invalid.report() + "\n")
    raise SystemExit(2) from None

CLARION_HOME: Path = _values["HOME"]
CLARION_BIND: env.Bind = _values["BIND"]
CLARION_HOOKS_BIND: env.Bind | None = _values["HOOKS_BIND"]
CLARION_PUSHES_BIND: env.Bind | None = _values["PUSHES_BIND"]
#: What the operator said, if anything; `CLARION_PUBLIC_URL` is never empty.
CLARION_PUBLIC_URL_GIVEN: str | None = _values["PUBLIC_URL"]
CLARION_PUBLIC_URL: str = CLARION_PUBLIC_URL_GIVEN or security.local_url(CLARION_BIND)
CLARION_TRUSTED_PROXIES: tuple[Network, ...] = _values["TRUSTED_PROXIES"]
#: The provider of single sign-on that the operator set up, by the names of its settings; empty for none.
CLARION_OIDC: dict[str, Any] = table.oidc_of(_values)
CLARION_RETRY_SECONDS: int = _values["RETRY_SECONDS"]
CLARION_WORKERS: int = _values["WORKERS"]
CLARION_EXPORT_DAYS: int = _values["EXPORT_DAYS"]
CLARION_FETCH_ALLOW: Reach = _values["FETCH_ALLOW"]
CLARION_WATCH_FOLDERS: tuple[Path, ...] = _values["WATCH_FOLDERS"]
CLARION_MEDIA_MB: int = _values["MEDIA_MB"]
CLARION_METRICS_TOKEN: str | None = _values["METRICS_TOKEN"]
CLARION_WEB_WORKERS: int = _values["WEB_WORKERS"]
CLARION_WEB_THREADS: int = _values["WEB_THREADS"]
#: True when the database is the embedded one, which somebody must start.
CLARION_DATABASE_IS_EMBEDDED: bool = _values["DATABASE_URL"] is None

DEBUG: bool = _values["DEBUG"]
SECRET_KEY: str = _values["SECRET_KEY"] or keys.kept_secret_key(CLARION_HOME / "secret_key")
ALLOWED_HOSTS: list[str] = _values["ALLOWED_HOSTS"] or security.own_hosts(CLARION_PUBLIC_URL, CLARION_BIND)

DATABASES: dict[str, Any] = {"default": database.django_database(_values["DATABASE_URL"], CLARION_HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

#: Our own applications, upper layers first.
CLARION_APPS = [
    f"clarion.{name}"
    for name in (
        "web",
        "api",
        "hooks",
        "public",
        "runtime",
        "deliveries",
        "campaigns",
        "audience",
        "content",
        "senders",
        "webhooks",
        "workspaces",
    )
    if find_spec(f"clarion.{name}")
]

INSTALLED_APPS = [
    *CLARION_APPS,
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "procrastinate.contrib.django",
    "django_htmx",
    "csp",
    "lucide",
    "template_partials.apps.SimpleAppConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
]

MIDDLEWARE = [
    "clarion.web.request_ids.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # pads each answer at random, and tokens in pages are masked
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "clarion.web.middleware.PreferencesMiddleware",
    "clarion.web.middleware.WorkspaceMiddleware",
]

ROOT_URLCONF = "clarion.settings.urls"
WSGI_APPLICATION = "clarion.settings.wsgi.application"

_LOADERS: list[Any] = [
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "templates"],
        "OPTIONS": {
            "builtins": ["template_partials.templatetags.partials"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clarion.web.context.shell",
            ],
            "debug": DEBUG,
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    _LOADERS if DEBUG else [("django.template.loaders.cached.Loader", _LOADERS)],
                )
            ],
        },
    }
]

# What several processes count together: failures of sign-in, and what a provider says of itself

CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "shared_cache",
        # Somebody who asks from everywhere must not push out what is counted.
        "OPTIONS": {"MAX_ENTRIES": 200_000, "CULL_FREQUENCY": 10},
    }
}

# Time, language and numbers

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
#: Only what is translated is offered.
LANGUAGES = [
    ("en", _("English")),
    ("de", _("German")),
    ("es", _("Spanish")),
    ("ru", _("Russian")),
    ("ar", _("Arabic")),
]
#: Compiled from the package's files when the program starts: `clarion.runtime.catalogues`.
LOCALE_PATHS = [CLARION_HOME / "locale"]
FORMAT_MODULE_PATH = ["clarion.settings.formats"]

# Static files, hashed and compressed once at the start

STATIC_URL = "/static/"
STATIC_ROOT = CLARION_HOME / "static"
STATICFILES_DIRS = [PACKAGE / "static"]
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_USE_FINDERS = DEBUG
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(CLARION_HOME / "files"), "base_url": None},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_TEMP_DIR = None
#: A form's fields; files are streamed to disk and have limits of their own.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# People

AUTH_USER_MODEL = "workspaces.User"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "clarion.runtime.signin.accounts.AccountAdapter"
ACCOUNT_FORMS = {"reset_password": "clarion.runtime.signin.forms.ResetForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # people are invited by an administrator; there is no open sign-up
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Clarion] "
ACCOUNT_PREVENT_ENUMERATION = True
#: Failures of sign-in are counted by `clarion.runtime.signin.limits`.
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "reset_password": "20/h/ip,5/h/key"}
MFA_ADAPTER = "clarion.runtime.signin.factors.FactorAdapter"
MFA_FORMS = {"add_webauthn": "clarion.runtime.signin.forms.PasskeyForm"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Clarion"
MFA_PASSKEY_LOGIN_ENABLED = True
#: Browsers give keys to pages over https only, and to this machine's own over http too.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = security.is_on_this_machine(CLARION_PUBLIC_URL)
SOCIALACCOUNT_ADAPTER = "clarion.runtime.signin.social.SocialAdapter"
#: Tokens of providers are used once, for the sign-in, and kept nowhere.
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
#: It would write to the database at every request, and live pages ask every two seconds.
USERSESSIONS_TRACK_ACTIVITY = False

# Security

CSRF_FAILURE_VIEW = "clarion.web.pages.errors.csrf_failure"
CONTENT_SECURITY_POLICY = {"DIRECTIVES": security.CONTENT_SECURITY_POLICY}
for _name, _value in security.headers_and_cookies(CLARION_PUBLIC_URL).items():
    globals()[_name] = _value
SILENCED_SYSTEM_CHECKS = security.SILENCED_CHECKS

# Logs

LOGGING_CONFIG = "clarion.settings.logging.configure"
LOGGING: dict[str, Any] = logging.dict_config(
    log_format=_values["LOG_FORMAT"] or ("text" if sys.stderr.isatty() else "json"),
    level=_values["LOG_LEVEL"],
)
