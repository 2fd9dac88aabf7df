#!/bin/sh
# Installs what building and testing need and this machine lacks; changes nothing when all is there.
#   tests/setup.sh            Debian packages and the tests' Python packages (in .cache/venv)
#   tests/setup.sh packages   Debian packages alone: enough for `make` and `make run`
# shellcheck disable=SC2086 # the lists of packages are to be split into words
set -eu
cd "$(dirname "$0")/.."

build="gcc libc6-dev make pkg-config git libuv1-dev libmicrohttpd-dev libcjson-dev uthash-dev
       libzstd-dev liblz4-dev libsnappy-dev zlib1g-dev libgnutls28-dev libssl-dev libpcre2-dev libcurl4-openssl-dev"
checks="check clang clang-format clang-tidy libclang-rt-14-dev shellcheck"
kafka="openjdk-17-jre-headless maven kcat curl jq openssl python3 python3-venv"

say() { echo "setup: $*"; }

missing_packages() {
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
    for package in $build $checks $kafka; do
        echo "$installed" | grep -qxF "$package" || echo "$package"
    done
}

install_packages() {
    if ! command -v dpkg-query >/dev/null; then
        say "this is no Debian: please see to it that these or their like are installed:" $build $checks $kafka
        return
    fi
    missing=$(missing_packages | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    as_root=
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null; then
            say "these Debian packages are missing, and installing them needs root or sudo: $missing" >&2
            exit 1
        fi
        as_root=sudo
    fi
    say "installing Debian packages: $missing"
    $as_root apt-get update -q
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
}

# The Python that can make virtual environments: the user's own, else Debian's.
find_python() {
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    say "no Python 3 that can make a virtual environment (Debian: python3-venv)" >&2
    exit 1
}

install_python_packages() {
    venv=.cache/venv
    cmp -s tests/requirements.txt "$venv/requirements.txt" && "$venv/bin/python" -c '' 2>/dev/null && return
    python=$(find_python)
    say "installing Python packages into $venv: $(sed -n 's/==\([^ ]*\).*/ \1/p' tests/requirements.txt | paste -sd, | sed 's/,/, /g')"
    rm -rf "$venv"
    "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r tests/requirements.txt
    cp tests/requirements.txt "$venv/requirements.txt"
}

install_packages
if [ "${1:-all}" = all ]; then
    mkdir -p .cache
    exec 9<.cache
    flock 9 # two runs at once: the second waits and finds it done
    install_python_packages
fi
