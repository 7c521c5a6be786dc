#!/usr/bin/env bash
# From a fresh clone to a running demo, a full test run or an installation; see --help.
set -euo pipefail

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

packages=(
    build-essential cmake ninja-build ccache pkg-config git python3 unzip zstd
    libtorch-dev libopenblas-dev libhwy-dev
    nlohmann-json3-dev libfmt-dev libcli11-dev libexpected-dev
    libpcre2-dev libutf8proc-dev libzstd-dev zlib1g-dev
    qt6-base-dev qt6-tools-dev qt6-tools-dev-tools qt6-l10n-tools qt6-svg-dev libqcustomplot-dev
    qt6-translations-l10n fonts-dejavu-core openssl ca-certificates
    libgtest-dev googletest xvfb xdotool openbox x11-utils dbus-daemon desktop-file-utils appstream openssh-client
    clang libclang-rt-14-dev hipcc
)

# The worker's LibTorch files take up to 1.3 GB each to compile.
kib_per_job=$((1400 * 1024))

usage() {
    cat <<'USAGE'
Usage: packaging/bootstrap.sh COMMAND [ARGUMENT...]

  deps             install the missing Debian 12 packages (apt-get, sudo if needed); nothing if all are there
  build            deps, then build the programs in build/release/bin
  demo [ARG...]    build, then run `radlads-engine demo ARG...`: the whole conversion on the embedded teacher
  test             deps, build with tests and warnings as errors in build/ci, then run the unit tests, the fuzzers,
                   the kernels under sanitizers and the end-to-end scripts; the last line counts the unit tests
  install [PREFIX] build, then install the studio (radlads), the engine, the worker, the desktop entry and the
                   manual pages below PREFIX (default /usr/local)

Environment:
  RADLADS_JOBS           compile jobs (default: as many as processors and free memory allow)
  RADLADS_FUZZ_SECONDS   seconds for each fuzz target in `test` (default 60; 0 leaves the fuzzers out)
  RADLADS_KILLS          kills of the kill-and-resume script in `test` (default 20)

Every command may be repeated; it does only what is left to do. No network is used when all packages are installed.
USAGE
}

say() { printf '== %s\n' "$*"; }
fail() {
    printf 'bootstrap: %s\n' "$*" >&2
    exit 1
}

as_root() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "'$*' needs root: run it as root, or install sudo, and call this command again."
    fi
}

is_debian_12() (
    # shellcheck source=/dev/null
    [[ -r /etc/os-release ]] && . /etc/os-release && [[ ${ID:-} == debian && ${VERSION_ID:-} == 12 ]]
)

missing_packages() {
    local package
    for package in "${packages[@]}"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || printf '%s\n' "$package"
    done
}

install_dependencies() {
    local missing=()
    if ! command -v dpkg-query >/dev/null; then
        say "Warning: this is not Debian 12, so the packages can't be checked; going on with what is installed."
        return
    fi
    mapfile -t missing < <(missing_packages)
    if ! is_debian_12; then
        [[ ${#missing[@]} -eq 0 ]] ||
            fail "only Debian 12 is supported and these packages are missing here: ${missing[*]}; install them, or use a Debian 12 container."
        say "Warning: this is not Debian 12; all packages are there, so going on, but nobody has tested it."
        return
    fi
    if [[ ${#missing[@]} -eq 0 ]]; then
        say "All ${#packages[@]} Debian packages are installed."
        return
    fi
    say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

# Memory that compilers may take: what the system has, within the limit of this control group (whose page cache can be dropped).
available_kib() {
    local group=/sys/fs/cgroup available limit used cache
    available=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
    if [[ -r $group/memory.max && -r $group/memory.current && $(<"$group/memory.max") != max ]]; then
        limit=$(<"$group/memory.max")
        used=$(<"$group/memory.current")
        cache=$(awk '$1 == "inactive_file" {print $2}' "$group/memory.stat")
        limit=$(((limit - used + ${cache:-0}) / 1024))
        available=$((limit < available ? limit : available))
    fi
    printf '%s\n' "$available"
}

compile_jobs() {
    local jobs by_memory
    if [[ -n ${RADLADS_JOBS:-} ]]; then
        [[ $RADLADS_JOBS =~ ^[1-9][0-9]*$ ]] || fail "RADLADS_JOBS is '$RADLADS_JOBS', which is not a positive number; unset it or give one."
        printf '%s\n' "$RADLADS_JOBS"
        return
    fi
    jobs=$(nproc)
    by_memory=$(($(available_kib) / kib_per_job))
    ((by_memory >= 1)) || by_memory=1
    printf '%s\n' $((by_memory < jobs ? by_memory : jobs))
}

# build_preset PRESET: configures and builds build/PRESET.
build_preset() {
    local preset=$1 jobs
    jobs=$(compile_jobs)
    say "Configuring build/$preset."
    (cd "$source_dir" && cmake --preset "$preset" >/dev/null) || fail "cmake --preset $preset failed; its message is above."
    say "Building build/$preset with $jobs jobs."
    cmake --build "$source_dir/build/$preset" --parallel "$jobs" || fail "the build of build/$preset failed; the compiler's message is above."
}

# junit_count FILE ATTRIBUTE: a count from the head of ctest's JUnit report.
junit_count() {
    python3 - "$1" "$2" <<'PYTHON'
import sys
import xml.etree.ElementTree as tree

print(int(tree.parse(sys.argv[1]).getroot().get(sys.argv[2], "0")))
PYTHON
}

declare -a stage_results=()
failures=0

# stage NAME COMMAND...: runs it, remembers its result and goes on.
stage() {
    local name=$1 start=$SECONDS result=ok
    shift
    say "$name"
    "$@" || {
        result=FAILED
        failures=$((failures + 1))
    }
    stage_results+=("$(printf '%-32s %-6s %5d s' "$name" "$result" $((SECONDS - start)))")
}

count_line="0 passed, 0 failed"

run_unit_tests() {
    local report="$source_dir/build/ci/ctest.xml" status=0 tests failed not_run
    rm -f "$report"
    ctest --test-dir "$source_dir/build/ci" --output-on-failure --no-tests=error -j2 --output-junit "$report" || status=1
    [[ -s $report ]] || {
        printf 'bootstrap: ctest wrote no report %s, so its tests could not be counted.\n' "$report" >&2
        return 1
    }
    tests=$(junit_count "$report" tests)
    failed=$(junit_count "$report" failures)
    not_run=$(($(junit_count "$report" skipped) + $(junit_count "$report" disabled)))
    if ((not_run > 0)); then
        printf 'bootstrap: %d tests were skipped or disabled; every test has to run.\n' "$not_run" >&2
        status=1
    fi
    count_line="$((tests - failed - not_run)) passed, $((failed + not_run)) failed"
    return "$status"
}

test_everything() {
    local seconds=${RADLADS_FUZZ_SECONDS:-60} bin="$source_dir/build/ci/bin" line
    [[ $seconds =~ ^[0-9]+$ ]] || fail "RADLADS_FUZZ_SECONDS is '$seconds', which is not a number of seconds; unset it or give one."
    install_dependencies
    build_preset ci
    stage "unit tests (ctest)" run_unit_tests
    if ((seconds > 0)); then
        stage "fuzzers ($seconds s each)" "$source_dir/tests/fuzz/run_fuzzers.sh" --seconds "$seconds" --parallel 2 --jobs "$(compile_jobs)"
    fi
    stage "kernels under sanitizers" "$source_dir/tests/kernels/sanitize.sh" "$(compile_jobs)"
    stage "kill and resume" "$source_dir/tests/e2e/kill_resume.sh" "$bin" "${RADLADS_KILLS:-20}"
    say "Summary"
    for line in "${stage_results[@]}"; do
        printf '   %s\n' "$line"
    done
    printf '%s\n' "$count_line"
    printf '%s\n' "$count_line" >"$source_dir/build/ci/count.txt"
    ((failures == 0))
}

install_programs() {
    local prefix=${1:-/usr/local} parent
    install_dependencies
    build_preset release
    parent=$prefix
    while [[ ! -e $parent ]]; do parent=$(dirname "$parent"); done
    say "Installing below $prefix."
    if [[ -w $parent ]]; then
        cmake --install "$source_dir/build/release" --prefix "$prefix"
    else
        as_root cmake --install "$source_dir/build/release" --prefix "$prefix"
    fi
}

command=${1:-}
[[ $# -eq 0 ]] || shift
case $command in
    deps) install_dependencies ;;
    build)
        install_dependencies
        build_preset release
        say "The programs are in build/release/bin."
        ;;
    demo)
        install_dependencies
        build_preset release
        say "Running radlads-engine demo."
        exec "$source_dir/build/release/bin/radlads-engine" demo "$@"
        ;;
    test) test_everything ;;
    install) install_programs "$@" ;;
    -h | --help | help) usage ;;
    "")
        usage >&2
        exit 2
        ;;
    *)
        printf "bootstrap: '%s' is not a command; it is one of deps, build, demo, test, install.\n" "$command" >&2
        exit 2
        ;;
esac
