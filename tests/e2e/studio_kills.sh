#!/usr/bin/env bash
# The promise: SIGKILL for the studio's window, for the broker and for the worker, at random moments of a live run, loses no run
# and no event, and the window says what happened. See --help.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: tests/e2e/studio_kills.sh BIN_DIR [KILLS [SEED]]

BIN_DIR holds studio_kills_test, radlads, radlads-engine and radlads-worker; KILLS (default 20) is how many times each of the
three is killed; SEED (default 1) makes the moments. Needs no display.
USAGE
}
if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    usage
    exit 0
fi
if [[ $# -lt 1 || $# -gt 3 || ! ${2:-20} =~ ^[1-9][0-9]*$ || ! ${3:-1} =~ ^[0-9]+$ ]]; then
    usage >&2
    exit 2
fi
for program in studio_kills_test radlads radlads-engine radlads-worker; do
    [[ -x $1/$program ]] || {
        printf 'studio_kills: there is no program %s; build it first.\n' "$1/$program" >&2
        exit 2
    }
done

# The time of one of the three parts; a kill takes some seconds.
export RADLADS_KILLS=${2:-20} RADLADS_SEED=${3:-1} QTEST_FUNCTION_TIMEOUT=$((600000 + ${2:-20} * 60000)) LC_ALL=C.UTF-8
exec "$1/studio_kills_test"
