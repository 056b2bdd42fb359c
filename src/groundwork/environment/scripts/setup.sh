#!/bin/sh
# Makes .venv beside this file from requirements.lock, every download checked against its hash, and installs the
# project in place if there is a pyproject.toml. When nothing has changed since, it changes nothing.
#
# PYTHON=/path/to/python chooses the interpreter; GROUNDWORK_BACKEND=uv or pip the installer.
# Wheels that no index has are looked for in the folder wheels.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
cd -- "$here"
venv=$here/.venv
before=$here/.venv.before
python=$venv/bin/python
stamp=$venv/setup.stamp
# Variables that would make an installer work on another place than the one it is told.
unset PYTHONHOME PYTHONPATH PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT __PYVENV_LAUNCHER__ VIRTUAL_ENV

say() {
    printf 'setup: %s\n' "$1" >&2
}

fail() {
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 1
}

has_project() {
    [ -f pyproject.toml ] && grep -q '^\[project\]' pyproject.toml
}

# What the environment is made of; the place belongs to it, since the scripts in .venv/bin carry it.
ingredients() {
    printf '%s\n' "$here"
    cat requirements.lock
    if has_project; then cat pyproject.toml; fi
}

is_ready() {
    [ -f "$stamp" ] && ingredients | cmp -s - "$stamp" && "$python" -I -c '' 2>/dev/null
}

is_new_enough() {
    "$1" -I -c 'import sys; sys.exit(sys.version_info < (3, @MINOR@))' >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        is_new_enough "$PYTHON" || fail "PYTHON=$PYTHON is no Python 3.@MINOR@ or later" 'name another, or unset it'
        printf '%s\n' "$PYTHON"
        return
    fi
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if is_new_enough "$name"; then
            command -v "$name"
            return
        fi
    done
    fail 'there is no Python 3.@MINOR@ or later on PATH' "install one (python.org, your system's packages, or: uv python install)"
}

find_backend() {
    case ${GROUNDWORK_BACKEND:-auto} in
        pip) echo pip ;;
        uv)
            uv --version >/dev/null 2>&1 || fail 'uv was asked for, but there is none that runs on PATH' 'install uv, or use pip'
            echo uv
            ;;
        auto) if uv --version >/dev/null 2>&1; then echo uv; else echo pip; fi ;;
        *) fail "there is no backend '$GROUNDWORK_BACKEND'" 'use auto, uv or pip' ;;
    esac
}

make_venv() {
    if [ "$backend" = uv ]; then
        uv venv --quiet --no-project --python "$base" "$venv"
    else
        "$base" -I -m venv "$venv"
    fi
}

install() {
    if [ -d wheels ]; then set -- --find-links "$here/wheels" "$@"; fi
    if [ "$backend" = uv ]; then
        uv --no-progress pip install --quiet --compile-bytecode --python "$python" --no-deps "$@"
    else
        "$python" -I -m pip --disable-pip-version-check --no-input install --quiet --no-warn-script-location --no-deps "$@"
    fi
}

# An environment that works is worth more than a half-made one: it stands aside until the new one is whole.
put_back() {
    if [ ! -f "$stamp" ]; then
        rm -rf -- "$venv"
        if [ -d "$before" ]; then mv -- "$before" "$venv"; fi
    fi
}

[ -f requirements.lock ] || fail "$here/requirements.lock is missing" 'run this in a complete copy of the project'
if is_ready; then
    rm -rf -- "$before"
    say "nothing to do: $venv is as requirements.lock says"
    exit 0
fi
if [ -e "$venv" ] && [ ! -f "$venv/pyvenv.cfg" ] && [ ! -d "$before" ]; then
    fail "$venv is in the way: it is not a virtual environment" 'move it away and run this again'
fi
base=$(find_python)
backend=$(find_backend)

say "making $venv with $backend and $base"
trap put_back EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if [ -d "$before" ]; then
    rm -rf -- "$venv"
elif [ -e "$venv" ]; then
    mv -- "$venv" "$before"
fi
make_venv || fail "$venv could not be made" 'the lines above say why (Debian, Ubuntu without uv: apt install python3-venv)'
install --require-hashes -r requirements.lock || fail 'the packages of requirements.lock could not be installed' 'the lines above say why; nothing else was changed'
if has_project; then
    install --no-build-isolation --editable . || fail 'the project itself could not be installed' 'the lines above say why'
fi
ingredients >"$stamp.new"
mv -- "$stamp.new" "$stamp"
rm -rf -- "$before"
say "ready: $venv"
