#!/usr/bin/env python3
"""Writes the golden vectors of the django-constance that is installed, beside this file.

    python -m venv venv
    venv/bin/pip install 'django-constance[redis]==4.4.0' 'Django<6'
    venv/bin/python make.py

4.x gives `json-4.txt`, lines of a name and the stored text. Older ones give `pickle-N.txt`, lines of a name, where the value
was stored, and its bytes in hex: `p0` to `p5` for Redis with that protocol, `db` for the database column, which has no row
of its own for None. 2.9.1 wrote the same bytes as 3.1.0, so that only those of 3 are kept. The values go through the package's own backends: a Redis of one dict stands in for the
server, and the database is SQLite in memory.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True


class FakeRedis:
    """What the backends use of a Redis connection."""

    def __init__(self):
        self.stored = {}

    def get(self, key):
        return self.stored.get(key)

    def set(self, key, value):
        self.stored[key] = value if isinstance(value, bytes) else value.encode()


def configure():
    import django
    from django.conf import settings

    # An application of its own before 3.0.
    is_old = version() < 3
    settings.configure(
        SECRET_KEY="golden",
        USE_TZ=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "constance"]
        + (["constance.backends.database"] if is_old else []),
        CONSTANCE_CONFIG={},
        CONSTANCE_REDIS_CONNECTION_CLASS="make.FakeRedis",
        CONSTANCE_REDIS_PREFIX="constance:",
        CONSTANCE_BACKEND="constance.backends.redisd.RedisBackend",
    )
    django.setup()


def version():
    from importlib import metadata

    return int(metadata.version("django-constance").split(".")[0])


def through_redis(name, value):
    from constance.backends.redisd import RedisBackend

    backend = RedisBackend()
    backend.set(name, value)
    return backend._rd.stored["constance:" + name]


def through_database(name, value):
    from constance.backends.database import DatabaseBackend
    from django.db import connection

    backend = DatabaseBackend()
    backend.set(name, value)
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM %s WHERE %s = %%s" % (backend._model._meta.db_table, '"key"'), [name])
        return cursor.fetchone()[0]


def json_lines(values):
    for name, value in values.items():
        stored = through_redis(name, value).decode()
        assert stored == through_database(name, value), name
        yield f"{name} {stored}"


def pickle_lines(values):
    from constance import settings

    for name, value in values.items():
        for protocol in range(6):
            settings.REDIS_PICKLE_VERSION = protocol
            yield f"{name} p{protocol} {through_redis(name, value).hex()}"
        stored = through_database(name, value)
        if stored is not None:
            yield f"{name} db {stored.encode().hex()}"


def main():
    configure()
    from django.core.management import call_command
    from values import VALUES

    call_command("migrate", verbosity=0)
    major = version()
    if major >= 4:
        path, lines = HERE / f"json-{major}.txt", json_lines(VALUES)
    else:
        path, lines = HERE / f"pickle-{major}.txt", pickle_lines(VALUES)
    path.write_text("\n".join(lines) + "\n")
    print(f"wrote {path.name}")


if __name__ == "__main__":
    # The connection class is imported by name.
    sys.modules["make"] = sys.modules["__main__"]
    main()
