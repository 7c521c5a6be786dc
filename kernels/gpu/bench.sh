#!/usr/bin/env bash
# On a machine with a GPU: builds the kernels with its toolkit, tests them on it, measures them.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: kernels/gpu/bench.sh [hip|cuda|fibers] [--build DIRECTORY] [--archs "ARCHITECTURES"] [--worker] [BATCH [TOKENS [WIDTH]]]

Needs a C++20 compiler and hipcc or nvcc; if none is named, nvcc where it is alone or beside nvidia-smi, else hipcc. fibers: the CPU
emulates the GPU, at a tiny shape, to try this script. The default shape of the recurrences is batch 8, 4096 tokens,
width 4096, head sizes 64 and 128; the other ops have the shapes of a model of 1.5 billion parameters.
flash-linear-attention is measured beside where python3 has the package fla. --worker builds, verifies and measures
radlads-worker too, against the LibTorch of python3's torch (or TORCH_DIR); it needs CMake and the worker's libraries.

Environment: CXX, HIPCC, NVCC, TORCH_DIR, RADLADS_JOBS (for the worker), RADLADS_DATA (the golden files for the worker).
USAGE
}
say() { printf '== %s\n' "$*"; }
fail() {
    printf 'bench.sh: %s\n' "$*" >&2
    exit 1
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
toolkit=
build=$root/build/gpu
archs=
worker=
shape=()
while [[ $# -gt 0 ]]; do
    case $1 in
        hip | cuda | fibers) toolkit=$1 ;;
        --build) build=${2:?--build needs a directory} && shift ;;
        --archs) archs=${2:?--archs needs architectures} && shift ;;
        --worker) worker=1 ;;
        -h | --help)
            usage
            exit 0
            ;;
        [0-9]*) shape+=("$1") ;;
        *)
            usage >&2
            exit 2
            ;;
    esac
    shift
done

has() { PATH=$PATH:/opt/rocm/bin:/usr/local/cuda/bin command -v "$1" >/dev/null; }
if [[ -z $toolkit ]]; then
    if [[ -n ${NVCC:-} ]] || { has nvcc && { has nvidia-smi || ! has hipcc; }; }; then
        toolkit=cuda
    elif [[ -n ${HIPCC:-} ]] || has hipcc; then
        toolkit=hip
    else
        fail "neither nvcc nor hipcc is there; install the CUDA toolkit or ROCm, or name the compiler with NVCC or HIPCC."
    fi
fi
cxx=${CXX:-c++}
command -v "$cxx" >/dev/null || fail "there is no C++ compiler '$cxx'; install g++ or clang++, or set CXX."
mkdir -p "$build/objects"

# What the GPU's objects are linked with.
case $toolkit in
    cuda)
        libraries=(-L"${CUDA_HOME:-/usr/local/cuda}/lib64" -lcudart_static -lrt -ldl -lpthread)
        archs=${archs:-$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1 | tr -d . || true)}
        ;;
    hip)
        libraries=(-L"${ROCM_PATH:-/opt/rocm}/lib" "-Wl,-rpath,${ROCM_PATH:-/opt/rocm}/lib" -lamdhip64 -ldl -lpthread)
        if [[ -z $archs ]] && has rocminfo; then
            archs=$(PATH=$PATH:/opt/rocm/bin rocminfo 2>/dev/null | grep -om1 'gfx[0-9a-f]*' || true)
        fi
        ;;
    fibers) libraries=(-ldl -lpthread) ;;
esac

flags=(-std=c++20 -O2 -Wall -Wextra "-I$root" "-I$root/tests/kernels/without_googletest")
gpu=$build/$toolkit
mkdir -p "$gpu"
say "Building the kernels for $toolkit ${archs:+($archs) }in $build."
if [[ $toolkit == fibers ]]; then
    flags+=(-DRADLADS_GPU_FIBERS)
    for source in "$here"/*.hip; do
        "$cxx" "${flags[@]}" -x c++ -c "$source" -o "$gpu/$(basename "$source").o"
    done
    "$cxx" "${flags[@]}" -c "$here/fibers.cpp" -o "$gpu/fibers.o"
    [[ ${#shape[@]} -gt 0 ]] || shape=(1 65 128)
else
    "$here/compile.sh" "$toolkit" "$gpu" ${archs:+"$archs"}
fi
for source in kernels wkv losses adamw matvec pointwise cpu/{wkv,losses,adamw,matvec,pointwise,prepare}_reference \
    cpu/without_highway; do
    "$cxx" "${flags[@]}" -c "$root/kernels/$source.cpp" -o "$build/objects/$(basename "$source").o"
done
tests=("$root"/tests/kernels/test_gpu_*.cpp)
# That of the emulation has device code of its own.
[[ $toolkit == fibers ]] || mapfile -t tests < <(printf '%s\n' "${tests[@]}" | grep -v test_gpu_fibers)
"$cxx" "${flags[@]}" "${tests[@]}" "$root/tests/kernels/without_googletest/main.cpp" \
    "$build"/objects/*.o "$gpu"/*.o "${libraries[@]}" -o "$build/tests-$toolkit"
"$cxx" "${flags[@]}" "$here"/bench{,_ops}.cpp "$build"/objects/*.o "$gpu"/*.o "${libraries[@]}" -o "$build/bench-$toolkit"

# The benchmark first says whether there is a device at all.
status=0
say "Measuring."
"$build/bench-$toolkit" ${shape[@]+"${shape[@]}"} || exit 1
if [[ $toolkit != fibers ]] && command -v python3 >/dev/null; then
    python3 "$here/bench_fla.py" ${shape[@]+"${shape[@]}"} || true
fi
say "Testing the kernels."
"$build/tests-$toolkit" || status=1

if [[ -n $worker ]]; then
    torch=${TORCH_DIR:-$(python3 -c 'import torch; print(torch.utils.cmake_prefix_path)' 2>/dev/null || true)}
    [[ -n $torch ]] || fail "there is no LibTorch for the worker: python3 has no torch; install it or set TORCH_DIR."
    command -v cmake >/dev/null || fail "the worker needs CMake; install it."
    say "Building radlads-worker against $torch."
    # LibTorch's CMake files ask for architectures of their own, and take the libraries of another LibTorch unless its own lie below the prefix.
    [[ $toolkit != cuda || -n ${TORCH_CUDA_ARCH_LIST:-} || -z $archs ]] || TORCH_CUDA_ARCH_LIST=$(sed -E 's/([0-9])( |$)/.\1\2/g' <<<"$archs")
    export TORCH_CUDA_ARCH_LIST
    cmake -S "$root" -B "$build/worker" -DCMAKE_BUILD_TYPE=Release -DRADLADS_ENGINE=OFF -DRADLADS_UI=OFF -DRADLADS_TESTS=OFF \
        "-DRADLADS_GPU=$toolkit" "-DRADLADS_GPU_ARCHS=$archs" "-DCMAKE_PREFIX_PATH=$torch/../.." >/dev/null || fail "the worker could not be configured; CMake's message is above."
    cmake --build "$build/worker" --parallel "${RADLADS_JOBS:-$(nproc)}" --target radlads-worker ||
        fail "the worker does not build; the compiler's message is above."
    device=cuda:0
    [[ $toolkit != fibers ]] || device=cpu
    "$build/worker/bin/radlads-worker" verify --device "$device" "${RADLADS_DATA:-$root/tests/data}" || status=1
    "$build/worker/bin/radlads-worker" bench --step --device "$device" || status=1
fi
exit "$status"
