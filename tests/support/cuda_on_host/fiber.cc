#undef _FORTIFY_SOURCE  // its longjmp refuses to go to another stack

#include "fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <new>
#include <vector>

namespace restem_host_cuda {
namespace {

// Instrumented frames are larger, and a sanitizer writes its report on the stack of the fiber that
// it found.
constexpr size_t kStackBytes = (kAddressSanitizer  ? 256
                                : kThreadSanitizer ? 128
                                                   : 64) *
                               size_t{1024};

Fiber* running = nullptr;

size_t PageBytes() {
  static const size_t bytes = sysconf(_SC_PAGESIZE);
  return bytes;
}

struct SpareSlots {
  std::vector<std::unique_ptr<FiberSlot>> ready;
  std::vector<std::unique_ptr<FiberSlot>> used_in_this_launch;
};

SpareSlots& Spare() {
  static SpareSlots spare;
  return spare;
}

std::unique_ptr<FiberSlot> TakeSlot() {
  auto& ready = Spare().ready;
  if (ready.empty()) return std::make_unique<FiberSlot>();
  std::unique_ptr<FiberSlot> slot = std::move(ready.back());
  ready.pop_back();
  // The former fiber's last frames never returned and are still marked.
  ASAN_UNPOISON_MEMORY_REGION(slot->stack.bottom(), slot->stack.size());
  return slot;
}

void GiveBack(std::unique_ptr<FiberSlot> slot) {
  auto& [ready, used] = Spare();
  if (!kThreadSanitizer) {
    ready.push_back(std::move(slot));
  } else if (ready.size() + used.size() < kKeptSlots) {
    used.push_back(std::move(slot));
  }
}

}  // namespace

Stack::Stack() {
  pages_ = mmap(nullptr,
                PageBytes() + kStackBytes,
                PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                -1,
                0);
  if (pages_ == MAP_FAILED) throw std::bad_alloc();
  if (mprotect(pages_, PageBytes(), PROT_NONE) != 0) std::abort();
}

Stack::~Stack() {
  ASAN_UNPOISON_MEMORY_REGION(bottom(), size());
  munmap(pages_, PageBytes() + kStackBytes);
}

void* Stack::bottom() const { return static_cast<char*>(pages_) + PageBytes(); }

size_t Stack::size() const { return kStackBytes; }

FiberSlot::FiberSlot() {
#if defined(__SANITIZE_THREAD__)
  tsan_fiber = __tsan_create_fiber(0);
#endif
}

FiberSlot::~FiberSlot() {
#if defined(__SANITIZE_THREAD__)
  __tsan_destroy_fiber(tsan_fiber);
#endif
}

Fiber::Fiber(void (*body)(void*), void* argument)
    : body_(body), argument_(argument), slot_(TakeSlot()) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  make_context(context_);
#endif
}

void Fiber::make_context(ucontext_t& context) {
  if (getcontext(&context) != 0) std::abort();
  context.uc_stack.ss_sp = slot_->stack.bottom();
  context.uc_stack.ss_size = slot_->stack.size();
  context.uc_link = nullptr;
  makecontext(&context, &Fiber::Enter, 0);
  // AddressSanitizer's swapcontext forgets all redzones of the stack named here, at every switch.
  context.uc_stack = {};
}

Fiber::~Fiber() {
  // One that was left in the middle would leave its calls to ThreadSanitizer's record of the next
  // one's.
  if (finished_) GiveBack(std::move(slot_));
}

void Fiber::EndLaunch() {
  auto& [ready, used] = Spare();
  for (auto& slot : used) ready.push_back(std::move(slot));
  used.clear();
}

RESTEM_UNSEEN_BY_TSAN void* Fiber::RunningArgument() {
  return running ? running->argument_ : nullptr;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
RESTEM_UNSEEN_BY_TSAN void Fiber::switch_to_fiber() {
  if (swapcontext(&host_context_, &context_) != 0) std::abort();
}

RESTEM_UNSEEN_BY_TSAN void Fiber::switch_to_host() {
  if (swapcontext(&context_, &host_context_) != 0) std::abort();
}
#else
// swapcontext asks the kernel for the signal mask each time, which takes three times as long as all
// the rest. A slot is entered by a context once, and from then on by jumps, by one fiber after the
// other.
void Fiber::switch_to_fiber() {
  if (_setjmp(host_jump_) != 0) return;
  if (slot_->entered) _longjmp(slot_->jump, 1);
  slot_->entered = true;
  ucontext_t context = {};
  make_context(context);
  setcontext(&context);
  std::abort();
}

void Fiber::switch_to_host() {
  if (_setjmp(slot_->jump) == 0) _longjmp(host_jump_, 1);
}
#endif

RESTEM_UNSEEN_BY_TSAN void Fiber::resume() {
  running = this;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&host_fake_stack_, slot_->stack.bottom(), slot_->stack.size());
#endif
#if defined(__SANITIZE_THREAD__)
  tsan_host_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(slot_->tsan_fiber, __tsan_switch_to_fiber_no_sync);
#endif
  switch_to_fiber();
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(host_fake_stack_, nullptr, nullptr);
#endif
  running = nullptr;
}

RESTEM_UNSEEN_BY_TSAN void Fiber::Suspend() {
  Fiber* self = running;
#if defined(__SANITIZE_ADDRESS__)
  // A fiber that ends passes null, which frees its fake stack.
  __sanitizer_start_switch_fiber(
      self->finished_ ? nullptr : &self->fake_stack_, self->host_bottom_, self->host_size_);
#endif
#if defined(__SANITIZE_THREAD__)
  __tsan_switch_to_fiber(self->tsan_host_, __tsan_switch_to_fiber_no_sync);
#endif
  self->switch_to_host();
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(self->fake_stack_, &self->host_bottom_, &self->host_size_);
#endif
}

RESTEM_UNSEEN_BY_TSAN void Fiber::Enter() {
  while (true) {
    Fiber* self = running;  // without sanitizers, another one each time
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(nullptr, &self->host_bottom_, &self->host_size_);
#endif
    self->body_(self->argument_);
    self->finished_ = true;
    Suspend();
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    std::abort();  // a finished fiber was resumed
#endif
  }
}

}  // namespace restem_host_cuda
