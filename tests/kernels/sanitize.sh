#!/usr/bin/env bash
# Builds the kernels' tests with AddressSanitizer and UndefinedBehaviorSanitizer, and with ThreadSanitizer, and runs them.
# Usage: tests/kernels/sanitize.sh [JOBS]
set -euo pipefail

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
jobs=${1:-$(nproc)}

# check NAME SANITIZERS TARGET...
check() {
    local build="$source_dir/build/kernels-$1" sanitizers=$2 target
    shift 2
    cmake -S "$source_dir" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DRADLADS_SANITIZE="$sanitizers" \
        -DRADLADS_WORKER=OFF -DRADLADS_UI=OFF -DRADLADS_TESTS=ON >/dev/null
    cmake --build "$build" --parallel "$jobs" --target "$@"
    for target in "$@"; do "$build/bin/$target" --gtest_brief=1; done
}
check asan address,undefined test_kernels test_kernels_gpu
check tsan thread test_kernels
