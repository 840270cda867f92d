"""The Django side of the interoperation test: one command a line, one answer a line.

    django_side.py FOLDER_OF_VALUES REDIS_URL [PAGE]

The settings are those that the Python of a page of the documentation prints, where one is given.

`write NAME` stores the value of that name, `compare NAME` says `same` or what is there instead, `count NAME ROUNDS` writes the
numbers from 1 and reads them and the shared setting back, `get NAME` shows what is there, and `config NAME` what a project sees.
"""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])


def configure(redis_url, page=None):
    import django
    from django.conf import settings

    project = {
        "SECRET_KEY": "interop",
        "USE_TZ": True,
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        "INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes"],
    }
    if page is None:
        project["INSTALLED_APPS"] += ["constance"]
        project["CONSTANCE_CONFIG"] = {}
        project["CONSTANCE_BACKEND"] = "constance.backends.redisd.RedisBackend"
    else:
        exec(Path(page).read_text().split("```python\n")[1].split("```")[0], project)
    project["CONSTANCE_REDIS_CONNECTION"] = redis_url
    settings.configure(**{name: value for name, value in project.items() if name.isupper()})
    django.setup()


def same(one, other):
    """Equal and of equal types all the way down; a NaN is itself, and -0.0 is not 0.0."""
    return type(one) is type(other) and repr(one) == repr(other)


def answer(backend, values, words):
    match words:
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
        case ["count", name, rounds]:
            for number in range(1, int(rounds) + 1):
                backend.set(name, number)
                backend.set("SHARED", -number)
                if backend.get(name) != number:
                    return f"another number in {name}"
                if not isinstance(backend.get("SHARED"), int):
                    return "no number in SHARED"
            return "ok"
    return "what?"


def main():
    configure(*sys.argv[2:])
    from constance.backends.redisd import RedisBackend
    from values import VALUES

    backend = RedisBackend()
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            print(answer(backend, VALUES, line.split()), flush=True)
        except Exception as error:
            print(f"{type(error).__name__}: {error}", flush=True)


main()
