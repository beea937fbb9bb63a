#include "builds.h"

#include <stdexcept>

#if defined(WITH_X86)
#include <cpuid.h>
#endif

namespace software {

#if defined(WITH_X86)
extern const Kernel kernel_avx512, kernel_avx2, kernel_sse42;
extern const FilterPasses filters_avx512, filters_avx2, filters_sse42;
#endif
extern const Kernel kernel_plain;
extern const FilterPasses filters_plain;

#if defined(WITH_X86)
namespace {

// What the processor has and the operating system keeps of it: Intel's manual, volume 1, 14.3 and 15.2.
struct Features {
    bool sse42 = false, avx2 = false, avx512 = false;
};

Features features() {
    Features f;
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return f;
    f.sse42 = c & bit_SSE4_2;
    if (!(c & bit_OSXSAVE)) return f;
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & 0x06) != 0x06 || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return f;
    f.avx2 = b & bit_AVX2;
    const unsigned wanted = bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL;
    f.avx512 = (low & 0xe6) == 0xe6 && (b & wanted) == wanted;
    return f;
}

}  // namespace
#endif

std::vector<const Kernel*> usable_builds() {
    std::vector<const Kernel*> found;
#if defined(WITH_X86)
    static const Features here = features();  // Asking takes 30 microseconds on a virtual machine.
    if (here.avx512) found.push_back(&kernel_avx512);
    if (here.avx2) found.push_back(&kernel_avx2);
    if (here.sse42) found.push_back(&kernel_sse42);
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

const FilterPasses& filters_named(const std::string& name) {
    const std::string build = build_named(name).name;
#if defined(WITH_X86)
    for (const FilterPasses* passes : {&filters_avx512, &filters_avx2, &filters_sse42})
        if (build == passes->name) return *passes;
#endif
    return filters_plain;
}

}  // namespace software
