"""A forum made with Misago, by the settings that it is developed with; its PostgreSQL comes from the environment."""

from __future__ import annotations

import os

from devproject.settings import *  # noqa: F403

DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "forum",
        "USER": "tests",
        "HOST": "127.0.0.1",
        "PORT": os.environ["FORUM_DATABASE_PORT"],
    },
}
MEDIA_ROOT = "media"
STATIC_ROOT = "static"
