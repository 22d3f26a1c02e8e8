// One CUDA thread as a ucontext fiber: a stack of its own on the OS thread that launches. To
// ThreadSanitizer it is a thread of its own, which knows what the host did before it was made, and
// nothing of any other fiber.
#pragma once

#include <setjmp.h>
#include <ucontext.h>

#include <cstddef>
#include <memory>

#include "sanitizers.h"

namespace restem_host_cuda {

// Pages for a fiber's stack, with one below that faults: an overflow must not reach the neighbour's
// stack.
class Stack {
 public:
  Stack();
  ~Stack();
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  void* bottom() const;
  size_t size() const;  // bytes, without the page below

 private:
  void* pages_;
};

// What outlives a fiber, since it is slow to make: the stack, without sanitizers a context that has
// been entered, and ThreadSanitizer's state of a thread (0.8 MB, 1 ms).
struct FiberSlot {
  FiberSlot();
  ~FiberSlot();

  Stack stack;
  jmp_buf jump;
  bool entered = false;
  void* tsan_fiber = nullptr;
};

// Under ThreadSanitizer: so many slots are kept for later launches.
inline constexpr size_t kKeptSlots = 2048;

class Fiber {
 public:
  // `body(argument)` starts at the first resume(); it must not throw.
  Fiber(void (*body)(void*), void* argument);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs the fiber until it suspends itself or ends. Only from outside of any fiber.
  void resume();
  // Back to where the running fiber was resumed.
  static void Suspend();
  // The running fiber's argument; null outside of any fiber.
  static void* RunningArgument();

  bool finished() const { return finished_; }

  // To be called when ThreadSanitizer has been told that the host knows what all fibers did. Only
  // then can their slots serve others: stacks carry the marks of writes, and whoever takes over a
  // thread's state also takes over its knowledge.
  static void EndLaunch();

  // Calls `action` such that ThreadSanitizer takes this fiber for the one that does it.
  template <typename Action>
  void act_as(Action action) {
#if defined(__SANITIZE_THREAD__)
    void* self = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(slot_->tsan_fiber, __tsan_switch_to_fiber_no_sync);
    action();
    __tsan_switch_to_fiber(self, __tsan_switch_to_fiber_no_sync);
#else
    action();
#endif
  }

 private:
  static void Enter();
  void make_context(ucontext_t& context);
  void switch_to_fiber();
  void switch_to_host();

  void (*body_)(void*);
  void* argument_;
  bool finished_ = false;
  std::unique_ptr<FiberSlot> slot_;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  ucontext_t context_ = {};
  ucontext_t host_context_ = {};
#else
  jmp_buf host_jump_;
#endif
#if defined(__SANITIZE_ADDRESS__)
  void* fake_stack_ = nullptr;
  void* host_fake_stack_ = nullptr;
  const void* host_bottom_ = nullptr;
  size_t host_size_ = 0;
#endif
#if defined(__SANITIZE_THREAD__)
  void* tsan_host_ = nullptr;
#endif
};

}  // namespace restem_host_cuda
