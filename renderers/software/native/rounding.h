// Other libraries may set a thread to flush tiny numbers to zero, or to another rounding mode. While an object of this
// class exists, its thread computes as IEEE 754 requires.
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace software {

class ExactRounding {
  public:
#if defined(__x86_64__)
    ExactRounding() : before_(_mm_getcsr()) { _mm_setcsr(0x1f80); }
    ~ExactRounding() { _mm_setcsr(before_); }

  private:
    unsigned before_;
#else
    ExactRounding() {}
#endif
};

}  // namespace software
