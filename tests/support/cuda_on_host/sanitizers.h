// What the executor tells AddressSanitizer and ThreadSanitizer, and how to ask which of them is
// there.
#pragma once

#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>

extern "C" {  // of ThreadSanitizer's library; no header declares them
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
}

// For the few functions in which a CUDA thread and the scheduler hand over data: they take turns on
// one OS thread, but ThreadSanitizer must not learn of that, for on a GPU the CUDA threads run at
// once.
#define RESTEM_UNSEEN_BY_TSAN __attribute__((no_sanitize_thread, noinline))
#else
#define RESTEM_UNSEEN_BY_TSAN
#endif

namespace restem_host_cuda {

#if defined(__SANITIZE_THREAD__)
inline constexpr bool kThreadSanitizer = true;
inline void ReleaseClock(void* token) { __tsan_release(token); }
inline void AcquireClock(void* token) { __tsan_acquire(token); }
#else
inline constexpr bool kThreadSanitizer = false;
inline void ReleaseClock(void*) {}
inline void AcquireClock(void*) {}
#endif

// While it lives, ThreadSanitizer does not look at what the running thread does.
class UnseenScope {
 public:
  UnseenScope() {
#if defined(__SANITIZE_THREAD__)
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
#endif
  }
  ~UnseenScope() {
#if defined(__SANITIZE_THREAD__)
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
#endif
  }
  UnseenScope(const UnseenScope&) = delete;
  UnseenScope& operator=(const UnseenScope&) = delete;
};

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kAddressSanitizer = true;
#else
inline constexpr bool kAddressSanitizer = false;
#endif

}  // namespace restem_host_cuda
