"""Moves users from a real Django to a real Worker and back to Django, and prints what that proves.

Run by `npm run test:django`. Exit status 1 at the first thing that is not so.
"""

import base64
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import pyotp
from django_otp.oath import TOTP

ROOT = pathlib.Path(__file__).resolve().parents[2]
COURSE = ROOT / "tests/django/project"
SOCIAL = ROOT / "tests/django/social"
SECRET = "the secret that Django signed its tokens with"
DATA_SECRET = "the secret that seals the seeds of apps, of its own"
SEED = b"the seed of the apps"
SEED_IN_BASE32 = base64.b32encode(SEED).decode()
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

# The users of a project of several apps: the name of most of them is the kind of their hash.
READABLE = ["pbkdf2_sha256$1", "pbkdf2_sha256$36000", "pbkdf2_sha256"]
UNREADABLE = ["argon2", "bcrypt", "bcrypt_sha256", "md5", "pbkdf2_sha1", "pbkdf2_wrapped_sha1", "scrypt", "sha1",
              "unsalted_md5", "unsalted_sha1"]
PASSWORD = "päss 'word' 👍"
ANOTHER_PASSWORD = "set by an operator"


def person(username, email=None, kind="pbkdf2_sha256$1", bio="", **fields):
    email = f"{username.replace('$', '-')}@example.com" if email is None else email
    return {"username": username, "email": email, "kind": kind, "password": PASSWORD, "bio": bio, "fields": fields}


PERSONS = [
    *(person(kind, kind=kind) for kind in [*READABLE, *UNREADABLE, "unusable", "empty"]),
    person("staff", first_name="Sta", last_name="Ff", is_staff=True, last_login="2026-01-02T03:04:05Z"),
    person("deactivated", is_active=False),
    person("no-email", ""),
    person("twice", "Twice@example.com"),
    person("again", "twice@example.com"),
    person("jos\u00e9", "composed@example.com", bio="é"),
    person("jose\u0301", "decomposed@example.com"),
    person("white", " white@example.com"),
    person("wordy", bio="x" * 2001),
    person("n" * 150, "long@example.com"),
]


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

    def __init__(self, folder, name, project=COURSE, **variables):
        self.project = project
        self.database = folder / f"{name}.sqlite3"
        self.environment = {
            **os.environ,
            "DATABASE": str(self.database),
            "JWT_SECRET": SECRET,
            "DJANGO_SETTINGS_MODULE": "settings",
            "PYTHONPATH": str(project),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONWARNINGS": "ignore",
            **variables,
        }
        self.manage("migrate", "--run-syncdb", "--verbosity=0")

    def manage(self, *arguments):
        return run([sys.executable, "-m", "django", *arguments], environment=self.environment).stdout

    def act(self, *arguments, give=None):
        command = [sys.executable, self.project / "act.py", *arguments]
        return json.loads(run(command, environment=self.environment, input=json.dumps(give)).stdout)


class Latchkey:
    """A Worker, its database, and the operator's command."""

    def __init__(self, folder, name, through, hasher):
        self.state = folder / name
        self.through = through
        self.variables = folder / f"{name}.vars"
        secrets = f'JWT_SECRET="{SECRET}"\nDATA_SECRET="{DATA_SECRET}"\n'
        self.variables.write_text(secrets + (f"PASSWORD_HASHER='{hasher}'\n" if hasher else ""))
        # The command reads the same secrets, and not those of `npm start`.
        self.project = folder / f"{name}-project"
        self.project.mkdir()
        shutil.copy(ROOT / "wrangler.toml", self.project)
        (self.project / ".dev.vars").write_text(secrets)
        (self.project / "node_modules").symlink_to(ROOT / "node_modules")
        run([*WRANGLER, "d1", "migrations", "apply", "DB", "--local", "--persist-to", self.state], cwd=ROOT)

    def command(self, *arguments, expect=0, give=None):
        command = [ROOT / "target/debug/latchkey", "--persist-to", self.state, *self.through, *arguments]
        return run(command, cwd=self.project, expect=expect, input=give)

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
    piped = new.command("import-django", "-", "--unusable-passwords", "--dry-run", give=file.read_text()) if file.suffix == ".json" \
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


def remarks(rows):
    """What import-django says of the persons, where their rows in the file have these numbers, by model and id."""
    found = []
    unknown = "can't be verified here: its hash is of an unknown algorithm"
    for number, of in enumerate(PERSONS, start=1):
        def remark(field, text, value=None, severity="problem", model="auth.user"):
            found.append({"severity": severity, "row": rows[model, number], "id": number, "username": of["username"],
                          "email": of["email"], "field": field, "text": text, "value": value})

        match of["username"]:
            case kind if kind in UNREADABLE:
                remark("password", unknown, kind)
            case "unusable":
                remark("password", "is unusable, as Django calls it: no login succeeds with it")
            case "empty":
                remark("password", "is empty: no login succeeds with it")
            case "no-email":
                remark("email", "is missing")
            case "again":
                first = next(number for number, of in enumerate(PERSONS, start=1) if of["username"] == "twice")
                remark("email", f"is the same as in row {rows['auth.user', first]}", of["email"])
            case "white":
                remark("email", "is imported without the white space around it", of["email"], "note")
            case "wordy":
                remark("bio", "is longer than 2000 characters", of["bio"], "profile_problem", "profiles.profile")
    found.append({"severity": "note", "row": rows["otp_totp.totpdevice", 3], "id": 3, "username": None, "email": None,
                  "field": "digits", "text": "is not 6, so this authenticator app is not imported", "value": "8"})
    return sorted(found, key=lambda remark: remark["row"])


def line(remark):
    """A remark as a line for people."""
    def quoted(text):
        return f'"{text[:60]}…"' if len(text) > 60 else '"' + text.replace(" ", "\\u{20}") + '"'

    start = {"problem": "", "profile_problem": "profile, ", "note": "note: "}[remark["severity"]]
    who = [f"id {remark['id']}", *(quoted(remark[key]) for key in ("email", "username") if remark[key])]
    end = "" if remark["value"] is None else f": {quoted(remark['value'])}"
    return f"{start}row {remark['row']} ({', '.join(who)}): {remark['field']} {remark['text']}{end}\n"


def several_apps(folder):
    """A project of several apps, with social logins and old hashes: what comes in, and what else is named."""
    old = Django(folder, "social", SOCIAL)
    content_types = old.act("make", give=[PERSONS, SEED.hex()])
    dump = folder / "social.json"
    dump.write_text(old.manage("dumpdata"))
    objects = json.loads(dump.read_text())
    new = Latchkey(folder, "of-apps", [], "pbkdf2_sha256$600000")

    problems = remarks({(each["model"], each["pk"]): row for row, each in enumerate(objects, start=1)})
    unverified = len(UNREADABLE) + 2
    fields = {"first_name": 1, "groups": 2, "last_login": 1, "last_name": 1, "profile.follows": 1,
              "user_permissions": 1}
    models = {"admin.logentry": 1, "auth.group": 1, "auth.permission": 4 * content_types,
              "authtoken.token": 1, "contenttypes.contenttype": content_types, "otp_static.statictoken": 1, "sessions.session": 1, "shop.order": 2,
              "socialaccount.socialaccount": 1, "socialaccount.socialapp": 1, "socialaccount.socialtoken": 1}

    def listed(counts):
        return ", ".join(f"{name} ({count})" for name, count in counts.items())

    losses = (f"not imported, with the number of users who have it: {listed(fields)}\n"
              f"not imported, being no users, with the number of rows: {listed(models)}\n"
              "not imported, being no email of its user: 1 verified address\n")
    refused = new.command("import-django", dump, expect=1)
    local = f"latchkey: working on the local database in {new.state}\n"
    expected = (f"{local}{''.join(map(line, problems))}{losses}latchkey: {unverified + 2} of {len(PERSONS)} users and "
                f"1 profile have problems, listed above: fix them in Django, bring in {unverified} without a password "
                "with --unusable-passwords, or skip them with --skip-problems; nothing was written\n")
    prove("everything that would not come in is named, and nothing is written",
          (refused.stdout, refused.stderr) == ("", expected) and new.rows("SELECT count(*) FROM users") == [(0,)],
          f"{refused.stderr}\n{expected}")
    told = json.loads(new.command("import-django", dump, "--json", expect=1).stdout)
    counts = {"written": False, "imported": len(PERSONS) - unverified - 2, "already_exist": 0,
              "skipped": unverified + 2, "skipped_profiles": 1, "added_profiles": 0,
              "verified_emails": 0, "other_verified_addresses": 1, "unusable_passwords": {},
              "authenticator_apps": 2, "unverified_with_app": 2,
              "left_out_factors": {"other_apps": 1, "recovery_codes": 2},
              "dropped_fields": fields, "other_models": models, "costliest_hash": "pbkdf2_sha256$1000000",
              "remarks": problems}
    prove("and to programs too", told == counts, told)
    # The SQLite file has users and profiles first, and names of tables in place of those of models.
    order = {(model, number): number + offset for model, offset in
             (("auth.user", 0), ("profiles.profile", len(PERSONS))) for number in range(1, len(PERSONS) + 1)}
    addresses = 3
    order["otp_totp.totpdevice", 3] = 2 * len(PERSONS) + addresses + 3
    told = json.loads(new.command("import-django", old.database, "--json", expect=1).stdout)
    del fields["profile.follows"]
    tables = {"auth_group_permissions": 2, "django_migrations": told["other_models"]["django_migrations"],
              "profiles_profile_follows": 1}
    renamed = {"admin_logentry": "django_admin_log", "contenttypes_contenttype": "django_content_type",
               "sessions_session": "django_session"}
    for model, count in models.items():
        table = model.replace(".", "_")
        tables[renamed.get(table, table)] = count
    counts |= {"other_models": tables, "remarks": remarks(order)}
    prove("and from Django's SQLite file", told == counts, told)

    options = [dump, "--unusable-passwords", "--skip-problems"]
    told = new.command("import-django", *options)
    kinds = listed(dict.fromkeys(sorted([*UNREADABLE, "empty", "unusable before"]), 1))
    factors = ("not imported, as noted above: the authenticator app of 1 user, who then log in without a second step\n"
               "not imported, being shorter than the ones here: the recovery codes of 2 users; tell them to make new "
               "ones\n2 users with an authenticator app never had a verified email here, and lose the app at their first "
               "password reset: whoever proves a mailbox first owns the account. Where you know that both are theirs, run "
               "'users verify --with-credentials'\n")
    without = [line(remark) for remark in problems if remark["field"] != "password"]
    expected = (f"{local}{''.join(without)}{losses}{unverified} users can't log in until you set a password with "
                f"'users set-password'; theirs is {kinds}\n{factors}set COSTLIEST_HASH to \"pbkdf2_sha256$1000000\" in "
                "wrangler.toml, or the response time of a failed login reveals who was imported\n")
    come = [(number, of) for number, of in enumerate(PERSONS, start=1) if of["username"] not in ("no-email", "again")]
    prove(f"with the options all come in but two: {told.stdout.strip()}",
          told.stdout == f"{len(come)} users imported (1 with a verified email, 2 with an authenticator app), 2 skipped, 1 profile skipped\n"
          and told.stderr == expected, f"{told.stderr}\n{expected}")
    found = new.rows("SELECT username FROM users WHERE email_verified AND verified_at IS NOT NULL")
    prove("with the email that was verified", found == [("unusable",)], found)
    every = "SELECT * FROM users ORDER BY id"
    before = new.rows(every)
    found = new.rows("SELECT id, username, email, is_active, is_staff, is_superuser, bio, image, created_at FROM users")
    image = "https://example.com/a.png"
    prove("with their ids, names, flags, profiles and times", found == [
        (number, of["username"], of["email"].strip(), of["username"] != "deactivated", of["username"] == "staff", 0,
         *((None, None) if of["username"] == "wordy" else (of["bio"] or None, image)), 1_577_934_245)
        for number, of in come
    ], found)
    again = new.command("import-django", *options).stdout
    prove("again, and nothing changes",
          again == f"0 users imported, {len(come)} already exist, 2 skipped, 1 profile skipped\n"
          and new.rows(every) == before, again)

    set_again = ["argon2", "unusable"]
    for username in set_again:
        new.command("users", "set-password", username, "--password-stdin", give=ANOTHER_PASSWORD)
    passwords = {of["username"]: ANOTHER_PASSWORD if of["username"] in set_again else PASSWORD for of in PERSONS}
    closed = [*UNREADABLE, "empty", "unusable", "deactivated"]
    closed = [username for username in closed if username not in set_again]
    with new:
        for number, of in come:
            login = {"email": of["email"], "password": passwords[of["username"]]}
            status, body = new.call("POST", "/api/users/login", login)
            if number <= 2:
                prove(f"{of['username']!r} is asked for a code of the app that came along",
                      status == 401 and "totp" in body["factor"]["types"], body)
                # By two other implementations.
                typed = f"{TOTP(SEED).token():06}" if number == 1 else pyotp.TOTP(SEED_IN_BASE32).now()
                code = {"secret": body["factor"]["secret"], "code": typed}
                status, body = new.call("POST", "/api/users/login", code)
            prove(f"{of['username'][:20]!r} {'is refused' if of['username'] in closed else 'logs in'}",
                  status == (400 if of["username"] in closed else 200), body)

    fixture = folder / "of-apps.json"
    told = new.command("export-django", "--model", "auth.user", "--output", fixture).stderr
    resets = [(number, of) for number, of in come if of["username"] in closed and of["username"] != "deactivated"]
    expected = "".join(f"user {number} ({of['email']}) must reset their password\n" for number, of in resets)
    prove("who has no password to go back with is named, and how many leave an app behind",
          told == f"{expected}Django can't read the password hash of {len(resets)} users, listed above: see --help\n"
          "not exported: the authenticator apps of 2 users, who log in to Django without a second step until they set "
          "it up there\n", told)
    old.manage("loaddata", str(fixture))
    found = old.act("show", give=passwords)
    left = ("no-email", "again")
    prove("and the old project has them back, with their groups and social logins, without their names", found == [
        {
            "id": number,
            "username": of["username"],
            "email": of["email"] if of["username"] in left else of["email"].strip(),
            "first_name": "",
            "is_active": of["username"] != "deactivated",
            "is_staff": of["username"] == "staff",
            "is_superuser": False,
            "joined": 1_577_934_245,
            "logs_in": of["username"] not in closed,
            "groups": ["editors"] if number < 3 else [],
            "social_logins": [f"google-{number}"] if of["username"] == "unusable" else [],
        }
        for number, of in enumerate(PERSONS, start=1)
    ], found)


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

        print("# From a project of several apps, with social logins and old hashes, and back into it")
        several_apps(folder)
    print("Users move here and back.")


main()
