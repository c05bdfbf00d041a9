#!/usr/bin/env bash
# Installs what a requirements file lists into .tools/NAME, unless it is there, and prints the directory of its commands:
# python.sh NAME FILE
. "$(dirname "$0")/prologue.sh"

venv=$PWD/.tools/$1 requirements=$2
if ! cmp -s "$requirements" "$venv/requirements.txt"; then
  say "installing the packages of $requirements into .tools/$1"
  python3 -m venv --clear "$venv" >&2
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements" >&2
  cp "$requirements" "$venv/requirements.txt"
fi
echo "$venv/bin"
