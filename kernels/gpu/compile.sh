#!/usr/bin/env bash
# Compiles the sources of the GPU kernels, without a build system: what the tests check and bench.sh links.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: kernels/gpu/compile.sh [--check] hip|cuda DIRECTORY [ARCHITECTURES]

Compiles every .hip file beside this script into DIRECTORY, with hipcc or nvcc. ARCHITECTURES: as "gfx90a gfx942" or
"80 90" (the default: gfx90a; 80 90). HIPCC and NVCC name other compilers than those of the PATH or of /opt/rocm and
/usr/local/cuda. Objects that are newer than every source are kept. --check: the device's part alone, with little
optimisation, for what the compilers say of it; nothing that could be linked.
USAGE
}
fail() {
    printf 'compile.sh: %s\n' "$*" >&2
    exit 1
}

check=
if [[ ${1:-} == --check ]]; then
    check=1
    shift
fi
[[ $# -ge 2 ]] || {
    usage >&2
    exit 2
}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
toolkit=$1
directory=$2
mkdir -p "$directory"
flags=(-std=c++20 "-I$root")
case $toolkit in
    hip)
        compiler=${HIPCC:-$(PATH=$PATH:/opt/rocm/bin command -v hipcc || true)}
        [[ -n $compiler ]] || fail "hipcc is not there; install it (Debian: apt-get install hipcc), or set HIPCC."
        flags+=(-Wall -Wextra -Werror)
        if [[ -n $check ]]; then flags+=(-O1 -c --cuda-device-only); else flags+=(-O3 -c); fi
        for architecture in ${3:-gfx90a}; do flags+=("--offload-arch=$architecture"); done
        ;;
    cuda)
        compiler=${NVCC:-$(PATH=$PATH:/usr/local/cuda/bin command -v nvcc || true)}
        [[ -n $compiler ]] || fail "nvcc is not there; install the CUDA toolkit, or set NVCC."
        flags+=(-x cu -Werror all-warnings)
        if [[ -n $check ]]; then flags+=(-fatbin -Xcicc -O1 -Xptxas -O1); else flags+=(-O3 -c); fi
        for architecture in ${3:-80 90}; do flags+=(-gencode "arch=compute_$architecture,code=sm_$architecture"); done
        ;;
    *) fail "'$toolkit' is neither hip nor cuda." ;;
esac

compile() {
    local object=$1 newer
    newer=$(find "$root/kernels" \( -name '*.h' -o -path "$2" -o -path "$here/compile.sh" \) -newer "$object" -print -quit 2>/dev/null || echo new)
    [[ -s $object && -z $newer ]] || "$compiler" "${flags[@]}" "$2" -o "$object"
}

running=()
for source in "$here"/*.hip; do
    compile "$directory/$(basename "$source").o" "$source" &
    running+=("$!")
    ((${#running[@]} < $(nproc))) || {
        wait "${running[0]}" || fail "a kernel does not compile; the compiler's message is above."
        running=("${running[@]:1}")
    }
done
for process in "${running[@]}"; do
    wait "$process" || fail "a kernel does not compile; the compiler's message is above."
done
printf 'compiled %d files with %s\n' "$(find "$here" -maxdepth 1 -name '*.hip' | wc -l)" "$compiler"
