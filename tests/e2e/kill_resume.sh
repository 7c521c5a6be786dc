#!/usr/bin/env bash
# The promise: a run that is killed (SIGKILL, at random moments and inside checkpoint writes) and resumed until it is finished ends
# bit-identical with the undisturbed run, and its journal tells every update's loss. See --help.
set -euo pipefail

script_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
    cat <<'USAGE'
Usage: tests/e2e/kill_resume.sh BIN_DIR [KILLS [SEED [PRECISION]]]

BIN_DIR holds radlads-engine (and radlads-worker); KILLS (default 20) is how many times a worker is killed; SEED (default 1)
makes the moments; PRECISION (default fp32) is fp32 or, on a processor that has it, bf16. Takes a plan of three tiny steps on
the demo's teacher.
USAGE
}
if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    usage
    exit 0
fi
if [[ $# -lt 1 || $# -gt 4 || ! ${2:-20} =~ ^[1-9][0-9]*$ || ! ${3:-1} =~ ^[0-9]+$ || ! ${4:-fp32} =~ ^(fp32|bf16)$ ]]; then
    usage >&2
    exit 2
fi
engine=$(cd "$1" && pwd)/radlads-engine
kills=${2:-20}
seed=${3:-1}
precision=${4:-fp32}
RANDOM=$seed
[[ -x $engine ]] || {
    printf 'kill_resume: there is no program %s; build it first.\n' "$engine" >&2
    exit 2
}

work=$(mktemp -d)
worker=0
exec {never}<> <(:) # nothing is ever written here: a read with a time limit waits without a process

pause_ms() {
    local milliseconds=$1
    read -r -t "$(printf '%d.%03d' $((milliseconds / 1000)) $((milliseconds % 1000)))" -u "$never" || true
}

kill_worker() {
    kill -KILL -- "-$worker" 2>/dev/null || kill -KILL "$worker" 2>/dev/null || true
    wait "$worker" 2>/dev/null || true
}

finish() {
    local status=$?
    if ((worker > 0)); then kill_worker; fi
    if ((status == 0)); then
        rm -rf "$work"
    else
        printf 'kill_resume: seed %s; the runs are kept in %s.\n' "$seed" "$work" >&2
    fi
}
trap finish EXIT
fail() {
    printf 'kill_resume: %s\n' "$*" >&2
    [[ ! -s $work/log ]] || tail -n 30 "$work/log" >&2
    exit 1
}

export HOME="$work/home" XDG_RUNTIME_DIR="$work/xdg-run" XDG_DATA_HOME="$work/data" XDG_CONFIG_HOME="$work/config" XDG_CACHE_HOME="$work/cache"
export RADLADS_RUNS="$work/runs" RADLADS_CACHE="$work/radlads-cache" OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
mkdir -p "$HOME" "$XDG_RUNTIME_DIR"
chmod 700 "$XDG_RUNTIME_DIR"

plan=$work/plan.json
cat >"$plan" <<'PLAN'
{
  "schema": "radlads.plan/1",
  "name": "kill-resume",
  "seed": 4711,
  "teacher": {"path": "demo"},
  "student": {"architecture": "rad-rwkv7", "variant": "balanced"},
  "data": {
    "sources": [{"path": "demo:7:400"}],
    "sampler": "shuffle",
    "validation": {"windows": 4, "every_steps": 20}
  },
  "steps": [
    {"kind": "align", "tokens": 16384, "sequence_length": 64, "batch_size": 4,
     "learning_rate": {"initial": 1e-3, "final": 1e-4, "warmup_steps": 4}},
    {"kind": "distill", "tokens": 16384, "sequence_length": 64, "batch_size": 4,
     "learning_rate": {"initial": 3e-4, "final": 1e-4, "warmup_steps": 4}},
    {"kind": "extend", "tokens": 8192, "sequence_length": 64, "batch_size": 4,
     "learning_rate": {"initial": 3e-4, "final": 1e-4, "warmup_steps": 4}}
  ],
  "hardware": {"device": "cpu", "precision": "PRECISION", "threads": 1},
  "checkpoints": {"every_tokens": 2048, "every_minutes": 0, "keep_last": 2}
}
PLAN
sed -i "s/PRECISION/$precision/" "$plan"
checkpoint_count=20 # 16384/2048 + 16384/2048 + 8192/2048

# run_of RUNS: the one run directory below RUNS, once it is complete enough to be resumed.
run_of() {
    local summary
    for summary in "$1"/*/run.json; do
        if [[ -f $summary ]]; then
            dirname "$summary"
        fi
    done
}

is_finished() { [[ -f $1/events.ndjson ]] && grep -q '"run\.finished"' "$1/events.ndjson"; }

# start_worker RUNS: begins a run below RUNS, or resumes the one that is there, in a process group of its own.
start_worker() {
    local run
    run=$(run_of "$1")
    if [[ -z $run ]]; then
        setsid "$engine" run "$plan" --runs "$1" >"$work/log" 2>&1 </dev/null &
    else
        setsid "$engine" resume "$run" >"$work/log" 2>&1 </dev/null &
    fi
    worker=$!
}

is_running() { kill -0 "$worker" 2>/dev/null; }

# Waits for the worker's own end, which has to be a success.
reap_worker() {
    local status=0
    wait "$worker" || status=$?
    worker=0
    ((status == 0)) || fail "the worker ended by itself with status $status."
}

journal_size() { stat -c %s "$1/events.ndjson" 2>/dev/null || echo 0; }

# wait_for_checkpoint_write RUNS: until a checkpoint is being written (its temporary name is there) or the worker has ended.
wait_for_checkpoint_write() (
    shopt -s nullglob dotglob
    while is_running; do
        for entry in "$1"/*/checkpoints/*; do
            case $(basename "$entry") in
                .* | *tmp* | *partial*) exit 0 ;;
            esac
        done
        pause_ms 2
    done
)

# wait_for_work RUN SIZE: until the journal has grown over SIZE bytes, that is, until the worker is at work, or has ended.
wait_for_work() {
    while is_running && (($(journal_size "$1") <= $2)); do
        pause_ms 10
    done
}

# Sets `drawn` to a number below $1, in this very shell: a subshell would have a RANDOM of its own.
drawn=0
random_below() { drawn=$(((RANDOM * 32768 + RANDOM) % $1)); }

printf 'undisturbed run\n'
started=${EPOCHREALTIME/./}
start_worker "$work/undisturbed"
reap_worker
elapsed_ms=$(((${EPOCHREALTIME/./} - started) / 1000))
reference=$(run_of "$work/undisturbed")
[[ -n $reference ]] || fail "the undisturbed run left no run directory."
is_finished "$reference" || fail "the undisturbed run ended without run.finished."
[[ -s $reference/model/model.safetensors ]] || fail "the undisturbed run left no model/model.safetensors."
portion_ms=$((elapsed_ms / checkpoint_count + 1))
printf '  %d ms, %d ms a checkpoint\n' "$elapsed_ms" "$portion_ms"

done_kills=0 checkpoint_kills=0 start_kills=0 round=0
while ((done_kills < kills)); do
    round=$((round + 1))
    runs=$work/killed-$round
    run=
    mkdir -p "$runs"
    while :; do
        before=0
        run=$(run_of "$runs")
        [[ -z $run ]] || before=$(journal_size "$run")
        start_worker "$runs"
        if ((done_kills == kills)); then
            reap_worker
            break
        fi
        random_below 10
        kind=$drawn
        case $kind in
            0) # while the process starts
                random_below 400
                pause_ms $((50 + drawn))
                ;;
            1 | 2 | 3 | 4) # anywhere at work
                [[ -z $run ]] || wait_for_work "$run" "$before"
                random_below $((2 * portion_ms))
                pause_ms $((50 + drawn))
                ;;
            *) # while a checkpoint is written, or just after
                wait_for_checkpoint_write "$runs"
                random_below 12
                pause_ms "$drawn"
                ;;
        esac
        if ! is_running; then
            reap_worker
            break
        fi
        kill_worker
        worker=0
        done_kills=$((done_kills + 1))
        case $kind in
            0) start_kills=$((start_kills + 1)) ;;
            [5-9]) checkpoint_kills=$((checkpoint_kills + 1)) ;;
        esac
    done
    run=$(run_of "$runs")
    [[ -n $run ]] || fail "round $round left no run directory."
    is_finished "$run" || fail "round $round ended without run.finished."
    printf 'round %d finished after %d kills in all\n' "$round" "$done_kills"
    "$script_dir/compare_runs.py" "$reference" "$run" || fail "round $round differs from the undisturbed run."
done
printf '%d kills (%d at a checkpoint write, %d at the start) in %d runs: every end is bit-identical with the undisturbed run\n' \
    "$done_kills" "$checkpoint_kills" "$start_kills" "$round"
