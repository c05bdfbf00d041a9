"""A Django project with the users of the Conduit course application."""

import hashlib
import os

from django.contrib.auth.hashers import PBKDF2PasswordHasher

SECRET_KEY = os.environ["JWT_SECRET"]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "authentication"]
AUTH_USER_MODEL = "authentication.User"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = True


class PBKDF2SHA512PasswordHasher(PBKDF2PasswordHasher):
    """As `latchkey export-django --help` has it."""

    algorithm = "pbkdf2_sha512"
    digest = hashlib.sha512


if "READ_SHA512" in os.environ:
    from django.conf.global_settings import PASSWORD_HASHERS

    PASSWORD_HASHERS = [*PASSWORD_HASHERS, "settings.PBKDF2SHA512PasswordHasher"]
