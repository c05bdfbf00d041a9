#!/usr/bin/env bash
# Proves that users move from Django and back: a real Django, from PyPI, and the real Worker. Takes about two minutes.
# Exit status 1 at the first thing that is not so.
set -euo pipefail
cd "$(dirname "$0")/.."

django=5.2.19
pyjwt=2.15.1

scripts/build.sh
cargo build --quiet --bin latchkey
python=.tools/django/bin/python
if ! "$python" -c "import django, jwt; assert (django.__version__, jwt.__version__) == ('$django', '$pyjwt')" 2>/dev/null
then
  echo "latchkey: installing Django $django into .tools" >&2
  python3 -m venv --clear .tools/django
  "$python" -m pip install --quiet --disable-pip-version-check "Django==$django" "PyJWT==$pyjwt"
fi
exec "$python" tests/django/prove.py
