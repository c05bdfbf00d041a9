"""Gives each request of schemathesis a user of its own: some of them end sessions, or the account. Staff have one superuser."""

import json
import os
import urllib.request
import uuid
from urllib.parse import urljoin

import schemathesis


@schemathesis.auth(refresh_interval=None)
class User:
    def get(self, case, context):
        if case.operation.path.startswith("/api/admin/"):
            return os.environ["SUPERUSER"]
        name = uuid.uuid4().hex
        user = {"username": name, "email": f"{name}@example.com", "password": "correct horse"}
        request = urllib.request.Request(
            urljoin(case.operation.base_url, "/api/users"),
            json.dumps({"user": user}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["user"]["token"]

    def set(self, case, token, context):
        case.headers["Authorization"] = f"Token {token}"
