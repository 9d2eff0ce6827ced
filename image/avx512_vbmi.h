// For kernels that pick bytes out of 64: AVX-512 with VBMI, VBMI2 and VNNI, as
// of Ice Lake and Zen 4.
//
// Highway has a target for these CPUs, but release 1.0.3 compiles it for
// AVX-VNNI too, which not all of them have.
#pragma once

#if defined(__x86_64__)

#include <immintrin.h>

// With all that Highway's AVX-512 target has, so that its functions can be
// inlined.
#define MILLRACE_AVX512_VBMI                                                \
  __attribute__((target(                                                    \
      "popcnt,pclmul,aes,bmi,bmi2,fma,f16c,avx2,avx512f,avx512bw,avx512dq," \
      "avx512vl,avx512vbmi,avx512vbmi2,avx512vnni")))

namespace millrace {

inline bool HasAvx512Vbmi() {
  static const bool has = __builtin_cpu_supports("avx512vbmi") != 0 &&
                          __builtin_cpu_supports("avx512vbmi2") != 0 &&
                          __builtin_cpu_supports("avx512vnni") != 0;
  return has;
}

}  // namespace millrace

#endif
