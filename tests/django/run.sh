#!/usr/bin/env bash
# Proves that users move from Django and back: a real Django, from PyPI, and the real Worker. Takes about three minutes.
# Exit status 1 at the first thing that is not so.
. "$(dirname "$0")/../../scripts/lib/prologue.sh"

scripts/build.sh
cargo build --quiet --bin latchkey
bin=$(scripts/lib/python.sh django tests/django/requirements.txt)
exec "$bin/python" tests/django/prove.py
