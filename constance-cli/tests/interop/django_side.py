"""The Django side of the interoperation test: one command a line, one answer a line.

    django_side.py FOLDER_OF_VALUES URL_OF_THE_STORE [PAGE]

A store in a database is migrated first. The settings are those that the Python of a page of the documentation prints for such
a store, where one is given.

`names` lists the values that it knows. `write NAME` stores the value of that name, `compare NAME` says `same` or what is there instead, `count NAME SECONDS` writes the
numbers from 1 for so long, reads them and the shared setting back, and says which was the last, `get NAME` shows what is
there, and `config NAME` what a project sees.
"""

import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])

ENGINES = {"sqlite": "sqlite3", "postgres": "postgresql", "mysql": "mysql"}


def database(url):
    """What Django has in `DATABASES` for this address; in memory for a store that is elsewhere."""
    parts = urlsplit(url)
    if parts.scheme not in ENGINES:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    found = {"ENGINE": f"django.db.backends.{ENGINES[parts.scheme]}"}
    if parts.scheme == "sqlite":
        return found | {"NAME": parts.path, "OPTIONS": {"timeout": 60}}
    if parts.scheme == "mysql":
        import pymysql

        pymysql.install_as_MySQLdb()
    options = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return found | {
        "NAME": parts.path[1:],
        "USER": unquote(parts.username),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname,
        "PORT": parts.port or "",
        "OPTIONS": options,
    }


def configure(url, page=None):
    import django
    from django.conf import settings

    in_database = urlsplit(url).scheme in ENGINES
    project = {
        "SECRET_KEY": "interop",
        "USE_TZ": True,
        "DATABASES": {"default": database(url)},
        "INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes"],
    }
    if page is None:
        backend = "database.DatabaseBackend" if in_database else "redisd.RedisBackend"
        project["INSTALLED_APPS"] += ["constance"]
        project["CONSTANCE_CONFIG"] = {}
        project["CONSTANCE_BACKEND"] = f"constance.backends.{backend}"
    else:
        printed = Path(page).read_text().split("```python\n")[2 if in_database else 1]
        exec(printed.split("```")[0], project)
    if not in_database:
        project["CONSTANCE_REDIS_CONNECTION"] = url
    settings.configure(**{name: value for name, value in project.items() if name.isupper()})
    django.setup()
    if in_database:
        from django.core.management import call_command

        call_command("migrate", verbosity=0)


def same(one, other):
    """Equal and of equal types all the way down; a NaN is itself, and -0.0 is not 0.0."""
    return type(one) is type(other) and repr(one) == repr(other)


def answer(backend, values, words):
    match words:
        case ["names"]:
            return " ".join(values)
        case ["write", name]:
            backend.set(name, values[name])
            return "ok"
        case ["compare", name]:
            got = backend.get(name)
            return "same" if same(got, values[name]) else f"{got!r} instead of {values[name]!r}"
        case ["get", name]:
            return repr(backend.get(name))
        case ["config", name]:
            from constance import config

            return repr(getattr(config, name))
        case ["count", name, seconds]:
            end, number = time.monotonic() + float(seconds), 0
            while number == 0 or time.monotonic() < end:
                number += 1
                backend.set(name, number)
                backend.set("SHARED", -number)
                if backend.get(name) != number:
                    return f"another number in {name}"
                if not isinstance(backend.get("SHARED"), int):
                    return "no number in SHARED"
            return str(number)
    return "what?"


def main():
    configure(*sys.argv[2:])
    from django.conf import settings
    from django.utils.module_loading import import_string
    from values import VALUES

    backend = import_string(settings.CONSTANCE_BACKEND)()
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            print(answer(backend, VALUES, line.split()), flush=True)
        except Exception as error:
            print(f"{type(error).__name__}: {error}", flush=True)


main()
