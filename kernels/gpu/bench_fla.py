"""flash-linear-attention's chunk_rwkv7 and chunk_gla at the shapes of kernels/gpu/bench.cpp, as further rows of its table.

Usage: bench_fla.py [BATCH [TOKENS [WIDTH]]]. Needs torch with a GPU and the package fla; says so and ends with 3 if not.
"""

import sys
import time

try:
    import torch
    from fla.ops.gla import chunk_gla
    from fla.ops.rwkv7 import chunk_rwkv7
except ImportError as error:
    print(f"flash-linear-attention was not measured: {error}; pip install torch flash-linear-attention")
    sys.exit(3)


def seconds_of(work, runs=5, calls=4):
    work()
    torch.cuda.synchronize()
    best = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        for _ in range(calls):
            work()
        torch.cuda.synchronize()
        best = min(best, (time.perf_counter() - start) / calls)
    return best


def rwkv7(shape, scale):
    q, k, v, g, a, b = tensors(shape, scale, -0.6, 6)
    return lambda: chunk_rwkv7(q, g, k, v, a, b, scale=1.0)[0], (q, k, v, g, a, b)


def gla(shape, scale):
    q, k, v, g = tensors(shape, scale, -2.0, 4)
    return lambda: chunk_gla(q, k, v, g, scale=1.0)[0], (q, k, v, g)


def tensors(shape, scale, lowest, count):
    """q, k, v, the log decays and, for rwkv7, a and b."""
    ranges = [(-1.0, 1.0), (-scale, scale), (-1.0, 1.0), (lowest, 0.0), (-scale, scale), (-scale, scale)][:count]
    made = [torch.empty(shape, device="cuda", dtype=torch.bfloat16).uniform_(low, high) for low, high in ranges]
    return [tensor.requires_grad_() for tensor in made]


def main():
    batch, tokens, width = [int(text) for text in sys.argv[1:4]] + [8, 4096, 4096][len(sys.argv[1:4]) :]
    if not torch.cuda.is_available():
        print("flash-linear-attention was not measured: torch sees no GPU")
        sys.exit(3)
    for name, make in (("fla7", rwkv7), ("flagla", gla)):
        for size in (64, 128):
            work, inputs = make((batch, tokens, width // size, size), size**-0.5)
            dy = torch.randn_like(inputs[0])

            def forward():
                with torch.no_grad():
                    work()

            def both():
                torch.autograd.grad(work(), inputs, dy)

            for text, run in (("forward", forward), ("both", both)):
                try:
                    print(f"{name:<6} {size:4d} {text:<9} {seconds_of(run) * 1e3:10.3f}")
                except Exception as error:  # their kernels may not compile on this device
                    print(f"{name:<6} {size:4d} {text:<9} failed: {str(error).splitlines()[0]}")


if __name__ == "__main__":
    main()
