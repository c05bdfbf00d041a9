"""What is done in Django: `act.py make`, `act.py leave ID`, `act.py token ID`, `act.py show`. Speaks JSON."""

import datetime
import json
import sys

import django

django.setup()

import jwt  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402

User = get_user_model()


def make():
    """Makes users, and one more who leaves again, so that Django's last id is nobody's."""
    for user in json.load(sys.stdin):
        create = User.objects.create_superuser if user["is_superuser"] else User.objects.create_user
        made = create(user["username"], user["email"], user["password"])
        User.objects.filter(pk=made.pk).update(is_active=user["is_active"])
    gone = User.objects.create_user("gone", "gone@example.com", "passwordless")
    last = gone.pk
    gone.delete()
    return last


def token():
    """A token as the course application signs it."""
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=60)
    return jwt.encode({"id": int(sys.argv[2]), "exp": int(expiry.timestamp())}, settings.SECRET_KEY, algorithm="HS256")


def show():
    """All users, and whether the passwords on standard input are theirs."""
    passwords = json.load(sys.stdin)
    return [
        {
            "id": user.pk,
            "username": user.username,
            "email": user.email,
            "is_active": user.is_active,
            "is_staff": user.is_staff,
            "is_superuser": user.is_superuser,
            "created_at": int(user.created_at.timestamp()),
            "algorithm": user.password.split("$")[0],
            "password": user.check_password(passwords.get(user.email)),
        }
        for user in User.objects.order_by("pk")
    ]


print(json.dumps({"make": make, "token": token, "show": show}[sys.argv[1]]()))
