// What kernels.cu needs of CUDA, for a C++ compiler: a kernel's threads run one after another. Included before it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

#define __CUDACC__ 1
#define __global__

struct Place {
    unsigned x, y;
};
static Place blockIdx, threadIdx, blockDim, gridDim;

static inline float __fsqrt_rn(float value) { return __builtin_sqrtf(value); }
static inline int atomicAdd(int* at, int more) {
    const int before = *at;
    *at += more;
    return before;
}
static inline unsigned long long atomicMax(unsigned long long* at, unsigned long long value) {
    const unsigned long long before = *at;
    if (value > before) *at = value;
    return before;
}

namespace software {
struct View;
struct Queue;
}  // namespace software

// Runs all threads of a kernel, the last first where ``backwards``: what they leave must not depend on their order.
extern "C" void run(void (*kernel)(const software::View*, software::Queue*, int, int), unsigned blocks_x, unsigned blocks_y,
                    unsigned threads, const software::View* views, software::Queue* queue, int samples, int cut,
                    int backwards) {
    gridDim = {blocks_x, blocks_y};
    blockDim = {threads, 1};
    const size_t count = static_cast<size_t>(blocks_x) * blocks_y * threads;
    for (size_t i = 0; i < count; i++) {
        const size_t n = backwards ? count - 1 - i : i;
        threadIdx = {static_cast<unsigned>(n % threads), 0};
        blockIdx = {static_cast<unsigned>(n / threads % blocks_x), static_cast<unsigned>(n / threads / blocks_x)};
        kernel(views, queue, samples, cut);
    }
}
