#include "builds.h"

#include <stdexcept>

namespace software {

#if defined(WITH_X86)
extern const Kernel kernel_avx512, kernel_avx2, kernel_sse42;
#endif
extern const Kernel kernel_plain;

std::vector<const Kernel*> usable_builds() {
    std::vector<const Kernel*> found;
#if defined(WITH_X86)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        found.push_back(&kernel_avx512);
    if (__builtin_cpu_supports("avx2")) found.push_back(&kernel_avx2);
    if (__builtin_cpu_supports("sse4.2")) found.push_back(&kernel_sse42);
#endif
    found.push_back(&kernel_plain);
    return found;
}

const Kernel& build_named(const std::string& name) {
    std::string names;
    for (const Kernel* kernel : usable_builds()) {
        if (name.empty() || name == kernel->name) return *kernel;
        names += (names.empty() ? "" : ", ") + std::string(kernel->name);
    }
    throw std::invalid_argument("this processor has no build '" + name + "': choose one of " + names);
}

}  // namespace software
