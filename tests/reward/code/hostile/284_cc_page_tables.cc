// aim: page tables of 1.4 GB: a page here and there, only read, costs 8 KiB of tables and no memory of its own
// expect: wrong
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdio>
int main() {
  for (int child = 0; child < 3; ++child) {
    if (fork() == 0) {
      volatile char sum = 0;
      for (long i = 0; i < 60000; ++i) {
        void* at = mmap(reinterpret_cast<void*>((1L << 32) + (i << 30)), 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        if (at != MAP_FAILED) sum = sum + *static_cast<volatile char*>(at);
      }
      usleep(500000);
      _exit(0);
    }
  }
  while (wait(nullptr) > 0) {
  }
  puts("3");
}
