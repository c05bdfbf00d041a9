"""Moves users from a real Django to a real Worker and back to Django, and prints what that proves.

Run by `npm run test:django`. Exit status 1 at the first thing that is not so.
"""

import json
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROJECT = ROOT / "tests/django/project"
SECRET = "the secret that Django signed its tokens with"
WRANGLER = [ROOT / "node_modules/.bin/node", ROOT / "node_modules/wrangler/bin/wrangler.js"]
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{ROOT}/node_modules/.bin:{os.environ['PATH']}",
    "CI": "1",
    "WRANGLER_SEND_METRICS": "false",
    "CLOUDFLARE_CF_FETCH_ENABLED": "false",
}

# Names that break whatever quotes badly.
NAMES = [
    "jake",
    "O'Brien \"the\\quote\"",
    "line\nbreak\r\nand\ttab",
    "👩‍🚀 Ünïcödé \U0001f600",
    "\u202eright to left\u2067 of \u05d0\u200f.",
    "'); DROP TABLE users; --",
    "?1 ${HOME} `id` %s /* ; */ $(x)",
    "deactivated",
]
USERS = [
    {
        "username": name,
        "email": f"o'user+{number}@Example.COM",
        "password": f"päss '\"; {number} 👍",
        "is_superuser": number == 1,
        "is_active": name != "deactivated",
    }
    for number, name in enumerate(NAMES)
]
# Names that the API takes.
RENAMED = "re'named \"; \u200d🦀 --"
NEWCOMER = {"username": "new 'comer' \\", "email": "newcomer@example.com", "password": "of this side"}


def prove(what, is_so, detail=""):
    if not is_so:
        sys.exit(f"NOT SO: {what} {detail}")
    print(f"ok: {what}", flush=True)


def run(command, *, environment=ENVIRONMENT, expect=0, **options):
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", **options)
    if done.returncode != expect:
        sys.exit(f"NOT SO: {command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


class Django:
    """A Django project with a database of its own."""

    def __init__(self, folder, name, **variables):
        self.database = folder / f"{name}.sqlite3"
        self.environment = {
            **os.environ,
            "DATABASE": str(self.database),
            "JWT_SECRET": SECRET,
            "DJANGO_SETTINGS_MODULE": "settings",
            "PYTHONPATH": str(PROJECT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONWARNINGS": "ignore",
            **variables,
        }
        self.manage("migrate", "--run-syncdb", "--verbosity=0")

    def manage(self, *arguments):
        return run([sys.executable, "-m", "django", *arguments], environment=self.environment).stdout

    def act(self, *arguments, give=None):
        command = [sys.executable, PROJECT / "act.py", *arguments]
        return json.loads(run(command, environment=self.environment, input=json.dumps(give)).stdout)


class Latchkey:
    """A Worker, its database, and the operator's command."""

    def __init__(self, folder, name, through, hasher):
        self.state = folder / name
        self.through = through
        self.variables = folder / f"{name}.vars"
        self.variables.write_text(f'JWT_SECRET="{SECRET}"\n' + (f"PASSWORD_HASHER='{hasher}'\n" if hasher else ""))
        run([*WRANGLER, "d1", "migrations", "apply", "DB", "--local", "--persist-to", self.state], cwd=ROOT)

    def command(self, *arguments, expect=0, give=None):
        command = [ROOT / "target/debug/latchkey", "--persist-to", self.state, *self.through, *arguments]
        return run(command, cwd=ROOT, expect=expect, input=give.read_text() if give else None)

    def rows(self, sql):
        (file,) = [f for f in self.state.glob("v3/d1/*/*.sqlite") if f.name != "metadata.sqlite"]
        database = sqlite3.connect(file)
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()

    def __enter__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = open(self.state.with_suffix(".log"), "w+")
        command = [*WRANGLER, "dev", "--ip", "127.0.0.1", "--port", str(self.port), "--inspector-port", "0"]
        command += ["--persist-to", self.state, "--env-file", self.variables, "--show-interactive-dev-session=false"]
        self.server = subprocess.Popen(
            command, cwd=ROOT, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )
        deadline = time.monotonic() + 240  # it may have to build the Worker
        while True:
            try:
                self.call("GET", "/api/user")
                return self
            except OSError:
                if self.server.poll() is not None or time.monotonic() > deadline:
                    self.__exit__()
                    sys.exit(f"NOT SO: the Worker starts\n{self.state.with_suffix('.log').read_text()}")
                time.sleep(0.2)

    def __exit__(self, *_):
        self.server.send_signal(signal.SIGTERM)
        self.server.wait()
        self.log.close()

    def call(self, method, path, user=None, token=None):
        headers = {"Content-Type": "application/json", **({"Authorization": f"Token {token}"} if token else {})}
        body = json.dumps({"user": user}).encode() if user else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, json.load(refusal)


def normalized(email):
    local, domain = email.rsplit("@", 1)
    return f"{local}@{domain.lower()}"


def move(old, file, new, hasher):
    """There: import, and what the moved users find."""
    last = old.last_id
    counted = new.rows("SELECT count(*) FROM users")
    refusal = new.command("import-django", file, expect=1).stderr
    prove("a user with an unusable password is named, and nothing is written",
          "password is unusable" in refusal and counted == new.rows("SELECT count(*) FROM users"), refusal)
    told = new.command("import-django", file, "--skip-problems").stdout
    prove(f"the others are imported: {told.strip()}", told == f"{len(USERS)} users imported, 1 skipped\n", told)
    again = new.command("import-django", file, "--skip-problems").stdout
    prove("again, and nothing happens", again.startswith("0 users imported"), again)
    piped = new.command("import-django", "-", "--unusable-passwords", "--dry-run", give=file) if file.suffix == ".json" \
        else new.command("import-django", file, "--unusable-passwords", "--dry-run")
    prove("with an unusable password, that user comes in too",
          piped.stdout == f"1 user would be imported, {len(USERS)} already exist\n", piped.stdout)

    with new:
        for number, user in enumerate(USERS):
            status, body = new.call("POST", "/api/users/login", {key: user[key] for key in ("email", "password")})
            if not user["is_active"]:
                prove("who was deactivated still is", "deactivated" in str(body), body)
                continue
            prove(f"{user['username']!r} logs in with the old password",
                  status == 200 and body["user"]["username"] == user["username"], body)
            token = old.act("token", str(number + 1))
            status, body = new.call("GET", "/api/user", token=token)
            prove("and with the token that Django's PyJWT signed",
                  status == 200 and body["user"]["email"] == normalized(user["email"]), body)
        active = sum(user["is_active"] for user in USERS)
        hashed = f"SELECT count(*) FROM users WHERE password LIKE '{hasher}$%'"
        deadline = time.monotonic() + 30
        while new.rows(hashed) != [(active,)] and time.monotonic() < deadline:
            time.sleep(0.2)
        prove(f"their passwords are hashed with {hasher} now", new.rows(hashed) == [(active,)])

        status, body = new.call("PUT", "/api/user", {"username": RENAMED}, old.act("token", "1"))
        prove(f"the first is called {RENAMED!r} from now on",
              status == 200 and body["user"]["username"] == RENAMED, body)
        status, body = new.call("POST", "/api/users", NEWCOMER)
        [(newest,)] = new.rows("SELECT max(id) FROM users")
        prove(f"a newcomer gets the id {newest}, above Django's last one, {last}", status == 201 and newest > last)
        return newest


def back(new, other, newest, *options):
    """And back: export, and what Django makes of it."""
    fixture = other.database.with_suffix(".json")
    told = new.command("export-django", "--output", fixture, *options).stderr
    other.manage("loaddata", str(fixture))
    passwords = {normalized(user["email"]): user["password"] for user in [*USERS, NEWCOMER]}
    found = other.act("show", give=passwords)
    expected = [
        {
            "id": number + 1,
            "username": RENAMED if number == 0 else user["username"],
            "email": normalized(user["email"]),
            "is_active": user["is_active"],
            "is_staff": user["is_superuser"],
            "is_superuser": user["is_superuser"],
        }
        for number, user in enumerate(USERS)
    ]
    expected.append({"id": newest, "username": NEWCOMER["username"], "email": NEWCOMER["email"], "is_active": True,
                     "is_staff": False, "is_superuser": False})
    times = [time for (time,) in new.rows("SELECT created_at FROM users ORDER BY id")]
    prove("Django's loaddata loads the export, and every name, flag, id and time is what it was",
          [{key: user[key] for key in expected[0]} for user in found] == expected
          and [user["created_at"] for user in found] == times, found)
    prove("Django accepts every password", all(user["password"] for user in found) and told == "", (found, told))


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that servers are ended, as by Ctrl-C
    with tempfile.TemporaryDirectory(prefix="latchkey-django-") as folder:
        folder = pathlib.Path(folder)
        old = Django(folder, "old")
        old.last_id = old.act("make", give=USERS + [
            {"username": "no password", "email": "none@example.com", "password": None, "is_superuser": False,
             "is_active": True}
        ])
        dump = folder / "dump.json"
        dump.write_text(old.manage("dumpdata"))

        print("# By dumpdata, straight to SQLite, to hashes of pbkdf2_sha512")
        straight = Latchkey(folder, "straight", [], None)
        newest = move(old, dump, straight, "pbkdf2_sha512$220000")
        back(straight, Django(folder, "told", READ_SHA512="1"), newest, "--keep-sha512")

        print("# By Django's SQLite file, through wrangler, to hashes of pbkdf2_sha256")
        through = Latchkey(folder, "through", ["--through-wrangler"], "pbkdf2_sha256$600000")
        newest = move(old, old.database, through, "pbkdf2_sha256$600000")
        back(through, Django(folder, "plain"), newest)
    print("Users move here and back.")


main()
