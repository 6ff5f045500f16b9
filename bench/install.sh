#!/bin/sh
# Installs what the benchmarks need besides Python packages, where that can be done without asking: wrk and PostgreSQL.
# Without them the benchmarks run too, and say what they leave out; so nothing here ends in a failure.
set -u

missing=""
command -v wrk >/dev/null || missing="wrk"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing="$missing postgresql"
missing=${missing# }
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ]; then
    as_root="env"
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n env"
else
    as_root=""
fi
if [ -n "$as_root" ] && command -v apt-get >/dev/null; then
    echo "installing $missing"
    # Word by word on purpose: it is a list of packages.
    # shellcheck disable=SC2086
    $as_root DEBIAN_FRONTEND=noninteractive sh -c \
        'apt-get update -qq && apt-get install -qq -y --no-install-recommends "$@" >/dev/null' sh $missing && exit 0
fi
echo "not installed: $missing; what needs it is skipped (Debian: apt-get install $missing)" >&2
