"""Django's settings, as a function of the data folder, the database and the kind of desk."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

_HERE: Final = Path(__file__).parent
VARIABLE: Final = "LATAM_CORPUS_DESK"  # the environment variable from which a job's process reads its desk
SESSION_HOURS: Final = 12
MEBIBYTE: Final = 2**20


@dataclass(frozen=True)
class Desk:
    """A desk: the location of its data, and how browsers reach it.

    An empty `database` is the SQLite file in the data folder. A `single` desk serves one person on this machine,
    without a login; one with `https` is behind a proxy with HTTPS. `largest_upload`, in bytes, and `most_files` are
    limits of one form.
    """

    data: Path
    database: str = ""
    single: bool = False
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    https: bool = False
    largest_file: int = 2048 * MEBIBYTE
    largest_upload: int = 4096 * MEBIBYTE
    most_files: int = 5000
    start_token: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @classmethod
    def from_environment(cls) -> Desk:
        """Return the desk whose server started this process."""
        values = json.loads(os.environ[VARIABLE])
        return cls(**values | {"data": Path(values["data"]), "hosts": tuple(values["hosts"])})

    def as_environment(self) -> dict[str, str]:
        """Return the environment variable that describes this desk to a job's process."""
        return {VARIABLE: json.dumps(asdict(self) | {"data": str(self.data), "start_token": ""})}


def configure(desk: Desk) -> None:
    """Configure Django for a desk; create its data folder and its secret key.

    Raises:
        ConfigError: Django isn't installed, the data folder can't be written, or the database's URL is wrong.
    """
    try:
        import argon2  # noqa: F401
        import django
        from django.conf import settings
    except ImportError:
        problem = _("the desk needs Django, which isn't installed")
        raise ConfigError("latam-corpus desk", problem, "pip install 'latam-corpus[desk]'") from None
    values = settings_of(desk)
    settings.configure(**values)
    django.setup()


def settings_of(desk: Desk) -> dict[str, Any]:
    """Return the values of Django's settings for a desk."""
    temporary = desk.data / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    return {
        "DESK": desk,
        "SECRET_KEY": _secret_key(desk.data / "secret_key"),
        "ALLOWED_HOSTS": list(desk.hosts),
        "ROOT_URLCONF": "latam_corpus.web.urls",
        "INSTALLED_APPS": [
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.forms",
            "latam_corpus.web.app.DeskConfig",
        ],
        "MIDDLEWARE": [
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
            "latam_corpus.web.access.middleware.headers",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "latam_corpus.web.access.middleware.language",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.common.CommonMiddleware",
            "latam_corpus.web.access.middleware.Access",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                        "latam_corpus.web.access.middleware.page_values",
                    ],
                    "builtins": ["latam_corpus.web.templatetags.desk"],
                },
            }
        ],
        "FORM_RENDERER": "latam_corpus.web.forms.Renderer",
        "DATABASES": {"default": _database(desk)},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "AUTH_USER_MODEL": "desk.Person",
        "LOGIN_URL": "login",
        "LOGIN_REDIRECT_URL": "home",
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.Argon2PasswordHasher"],
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
            {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
            {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
        ],
        "SESSION_COOKIE_NAME": "desk_session",
        "SESSION_COOKIE_AGE": SESSION_HOURS * 3600,
        "SESSION_COOKIE_SECURE": desk.https,
        "CSRF_COOKIE_NAME": "desk_csrf",
        "CSRF_COOKIE_SECURE": desk.https,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_FAILURE_VIEW": "latam_corpus.web.access.errors.csrf_failure",
        "SECURE_HSTS_SECONDS": 365 * 24 * 3600 if desk.https else 0,
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https") if desk.https else None,
        "LANGUAGE_CODE": "en",
        # Django's own translations for `pt` are European Portuguese.
        "LANGUAGES": [("es", "Español"), ("pt-br", "Português"), ("en", "English")],
        "LANGUAGE_COOKIE_NAME": "desk_language",
        "LANGUAGE_COOKIE_AGE": 365 * 24 * 3600,
        "LANGUAGE_COOKIE_SECURE": desk.https,
        "LANGUAGE_COOKIE_HTTPONLY": True,
        "LANGUAGE_COOKIE_SAMESITE": "Lax",
        "LOCALE_PATHS": [_HERE / "locale"],
        "TIME_ZONE": "UTC",
        "FILE_UPLOAD_HANDLERS": ["latam_corpus.web.uploads.DigestHandler"],
        "FILE_UPLOAD_TEMP_DIR": str(temporary),
        "DATA_UPLOAD_MAX_NUMBER_FILES": desk.most_files,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": desk.most_files,
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 8 * MEBIBYTE,
        "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
        "LOGGING": {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
            "handlers": {
                "file": {
                    "class": "logging.handlers.RotatingFileHandler",
                    "filename": str(desk.data / "desk.log"),
                    "maxBytes": 10 * MEBIBYTE,
                    "backupCount": 3,
                    "delay": True,
                    "formatter": "line",
                }
            },
            "loggers": {
                "django": {"handlers": ["file"], "level": "WARNING", "propagate": False},
                "latam_corpus.web": {"handlers": ["file"], "level": "INFO", "propagate": False},
                "waitress": {"handlers": ["file"], "level": "WARNING", "propagate": False},
            },
        },
    }


def _secret_key(path: Path) -> str:
    """Return the key from a file that only its owner may read; create it at the first start."""
    with suppress(FileExistsError):
        path.touch(0o600, exist_ok=False)
        path.write_text(secrets.token_urlsafe(64), encoding="ascii")
    return path.read_text(encoding="ascii")


def _database(desk: Desk) -> dict[str, Any]:
    """Return Django's settings of the database.

    Raises:
        ConfigError: the URL isn't a PostgreSQL URL.
    """
    if not desk.database:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(desk.data / "desk.sqlite3"),
            "OPTIONS": {
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
                # Otherwise a transaction that reads and then writes fails instead of waiting if another one writes
                # between.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
            },
        }
    url = urlsplit(desk.database)
    if url.scheme not in {"postgresql", "postgres"} or not url.path.strip("/"):
        remedy = _("write it as postgresql://user:password@host/name")
        raise ConfigError("--database", _("it isn't the address of a PostgreSQL database"), remedy)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.strip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": str(url.port or ""),
        "OPTIONS": dict(parse_qsl(url.query)),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
