#!/usr/bin/env bash
# Builds the fuzz targets with clang and runs each for a while on a copy of its corpus; see --help.
set -euo pipefail

fuzz_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_dir=$(cd "$fuzz_dir/../.." && pwd)

seconds=60
parallel=1
jobs=$(nproc)
build_dir="$source_dir/build/fuzz"
only=()

# Largest input in bytes for a target; the default suits readers of small headers.
declare -A max_len=([tokenizer]=32768 [journal]=65536 [wire]=16384 [jsonl]=65536 [plan]=16384)
default_max_len=8192

usage() {
    cat <<'USAGE'
Usage: tests/fuzz/run_fuzzers.sh [--seconds N] [--parallel N] [--jobs N] [--build-dir DIR] [TARGET...]

Runs every fuzz_TARGET.cpp (or the ones named) for N seconds (default 60) on a copy of corpus/TARGET, as many
at a time as --parallel says (default 1),
and prints what each executed and covered. A crash, leak, timeout or excess of 2 GiB fails; the input that did it is kept.
USAGE
}
fail() {
    printf 'run_fuzzers: %s\n' "$*" >&2
    exit 2
}
# needs OPTION VALUE: the value has to be a positive number.
needs() {
    [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || fail "$1 needs a positive number, not '${2:-}'."
}

while [[ $# -gt 0 ]]; do
    case $1 in
        --seconds)
            needs "$@"
            seconds=$2
            shift 2
            ;;
        --parallel)
            needs "$@"
            parallel=$2
            shift 2
            ;;
        --jobs)
            needs "$@"
            jobs=$2
            shift 2
            ;;
        --build-dir)
            build_dir=${2:?--build-dir needs a directory}
            shift 2
            ;;
        -h | --help)
            usage
            exit 0
            ;;
        -*) fail "'$1' is not an option; see --help." ;;
        *)
            only+=("${1#fuzz_}")
            shift
            ;;
    esac
done

targets=()
for source in "$fuzz_dir"/fuzz_*.cpp; do
    [[ -e $source ]] || fail "there is no fuzz_*.cpp in $fuzz_dir."
    name=$(basename "$source" .cpp)
    targets+=("${name#fuzz_}")
done
for name in "${only[@]}"; do
    [[ " ${targets[*]} " == *" $name "* ]] || fail "there is no target '$name'; there are: ${targets[*]}."
done
[[ ${#only[@]} -eq 0 ]] || targets=("${only[@]}")

command -v clang++ >/dev/null || fail "clang++ is missing; packaging/bootstrap.sh deps installs it."
(cd "$source_dir" && cmake --preset fuzz -B "$build_dir" >/dev/null) || fail "cmake --preset fuzz failed; its message is above."
cmake --build "$build_dir" --parallel "$jobs" --target "${targets[@]/#/fuzz_}" || fail "the fuzz targets did not build; see above."

work=$(mktemp -d)
artefacts="$build_dir/artefacts"
mkdir -p "$artefacts"
trap 'rm -rf "$work"' EXIT

# run_target NAME: leaves its log in $work/NAME.log and its exit status in $work/NAME.status.
run_target() {
    local name=$1 status=0
    mkdir -p "$work/$name"
    if [[ -d $fuzz_dir/corpus/$name ]]; then
        cp -r "$fuzz_dir/corpus/$name/." "$work/$name/"
    fi
    UBSAN_OPTIONS=print_stacktrace=1 TMPDIR="$work" "$build_dir/bin/fuzz_$name" "$work/$name" \
        -max_total_time="$seconds" -max_len="${max_len[$name]:-$default_max_len}" -rss_limit_mb=2048 -timeout=10 \
        -print_final_stats=1 -artifact_prefix="$artefacts/$name-" >"$work/$name.log" 2>&1 </dev/null || status=$?
    printf '%s\n' "$status" >"$work/$name.status"
}

running=0
for name in "${targets[@]}"; do
    if ((running == parallel)); then
        wait -n
        running=$((running - 1))
    fi
    run_target "$name" &
    running=$((running + 1))
done
wait

failed=0
printf '%-14s %12s %10s %10s %10s  %s\n' target executions exec/s coverage "rss MiB" result
for name in "${targets[@]}"; do
    log="$work/$name.log"
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
    rss=$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")
    coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
    status=$(<"$work/$name.status")
    result=ok
    if [[ $status -ne 0 ]]; then
        result="FAILED (exit $status)"
        failed=$((failed + 1))
    elif [[ ${executions:-0} -eq 0 ]]; then
        result="FAILED (executed nothing)"
        failed=$((failed + 1))
    fi
    printf '%-14s %12s %10s %10s %10s  %s\n' "$name" "${executions:--}" "${rate:--}" "${coverage:--}" "${rss:--}" "$result"
done

for name in "${targets[@]}"; do
    [[ $(<"$work/$name.status") -ne 0 ]] || continue
    printf '\n-- the end of the log of fuzz_%s:\n' "$name" >&2
    tail -n 60 "$work/$name.log" >&2
    sed -n "s/.*Test unit written to /run_fuzzers: the input is kept as /p" "$work/$name.log" >&2
done
[[ $failed -eq 0 ]] || printf '\nrun_fuzzers: %d of %d targets failed.\n' "$failed" "${#targets[@]}" >&2
((failed == 0))
