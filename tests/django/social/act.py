"""What is done in Django: `act.py make`, `act.py show`. Speaks JSON."""

import base64
import datetime
import hashlib
import json
import sys

import django

django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes  # noqa: E402
from allauth.mfa.totp.internal.auth import TOTP  # noqa: E402
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken  # noqa: E402
from django.contrib.admin.models import ADDITION, LogEntry  # noqa: E402
from django.contrib.auth import authenticate, hashers  # noqa: E402
from django.contrib.auth.models import Group, Permission, User  # noqa: E402
from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken  # noqa: E402
from django_otp.plugins.otp_totp.models import TOTPDevice  # noqa: E402
from profiles.models import Profile  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402
from shop.models import Order  # noqa: E402

UTC = datetime.timezone.utc


def encode(kind, password):
    """A password as Django, one of its older versions or its documentation stores it."""
    pbkdf2 = hashers.PBKDF2PasswordHasher()
    if kind.startswith("pbkdf2_sha256$"):
        return pbkdf2.encode(password, "sält", int(kind.split("$")[1]))
    match kind:
        case "unusable":
            return hashers.make_password(None)
        case "empty":
            return ""
        case "sha1":  # until Django 5.1, as the two after it
            return "sha1$salt$" + hashlib.sha1(f"salt{password}".encode()).hexdigest()
        case "unsalted_md5":
            return hashlib.md5(password.encode()).hexdigest()
        case "unsalted_sha1":
            return "sha1$$" + hashlib.sha1(password.encode()).hexdigest()
        case "pbkdf2_wrapped_sha1":
            inner = hashlib.sha1(f"salt{password}".encode()).hexdigest()
            return pbkdf2.encode(inner, "salt", 1000).replace("pbkdf2_sha256", kind)
    return hashers.make_password(password, hasher=kind)


def second_factors(seed):
    """An app and codes of django-allauth, then of django-otp, and an app of 8 digits."""
    first, second, third = User.objects.order_by("pk")[:3]
    TOTP.activate(first, base64.b32encode(seed).decode())
    RecoveryCodes.activate(first)
    TOTPDevice.objects.create(user=second, name="phone", key=seed.hex())
    TOTPDevice.objects.create(user=second, name="half set up", confirmed=False)
    device = StaticDevice.objects.create(user=second, name="backup")
    StaticToken.objects.create(device=device, token=StaticToken.random_token())
    TOTPDevice.objects.create(user=third, name="phone", digits=8)


def make():
    """Makes a user of each kind of hash, and what other apps have of them."""
    persons, seed = json.load(sys.stdin)
    for given in persons:
        user = User.objects.create(
            username=given["username"],
            email=given["email"],
            password=encode(given["kind"], given["password"]),
            date_joined=datetime.datetime(2020, 1, 2, 3, 4, 5, 999999, tzinfo=UTC),
            **given["fields"],
        )
        Profile.objects.create(user=user, bio=given["bio"], image="https://example.com/a.png")
    first, second = User.objects.order_by("pk")[:2]
    editors = Group.objects.create(name="editors")
    editors.permissions.set(Permission.objects.order_by("pk")[:2])
    first.groups.add(editors)
    first.user_permissions.add(Permission.objects.first())
    second.groups.add(editors)
    first.profile.follows.add(second.profile)
    app = SocialApp.objects.create(provider="google", name="Google", client_id="id", secret="secret")
    for user in User.objects.filter(password__startswith="!").order_by("pk"):
        account = SocialAccount.objects.create(user=user, provider="google", uid=f"google-{user.pk}")
        SocialToken.objects.create(app=app, account=account, token="of Google")
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        EmailAddress.objects.create(user=user, email=f"other-{user.email}", verified=False)
        EmailAddress.objects.create(user=user, email=f"old-{user.email}", verified=True)
    second_factors(bytes.fromhex(seed))
    Token.objects.create(user=first)
    Order.objects.create(user=first, weight=1.5)
    Order.objects.create(user=second, weight=float("inf"))
    session = SessionStore()
    session["key"] = "value"
    session.save()
    LogEntry.objects.log_actions(first.pk, [editors], ADDITION, single_object=True)
    return ContentType.objects.count()


def show():
    """All users, whether the passwords on standard input open their accounts, and what other apps have of them."""
    passwords = json.load(sys.stdin)
    return [
        {
            "id": user.pk,
            "username": user.username,
            "email": user.email,
            "first_name": user.first_name,
            "is_active": user.is_active,
            "is_staff": user.is_staff,
            "is_superuser": user.is_superuser,
            "joined": int(user.date_joined.timestamp()),
            "logs_in": authenticate(username=user.username, password=passwords.get(user.username)) == user,
            "groups": [group.name for group in user.groups.all()],
            "social_logins": [account.uid for account in user.socialaccount_set.all()],
        }
        for user in User.objects.order_by("pk")
    ]


print(json.dumps({"make": make, "show": show}[sys.argv[1]]()))
