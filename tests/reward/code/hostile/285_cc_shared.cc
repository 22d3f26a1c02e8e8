// aim: 2.4 GB of shared anonymous memory, by /dev/zero and by MAP_ANONYMOUS
// expect: wrong
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdio>
int main() {
  for (int child = 0; child < 6; ++child) {
    if (fork() == 0) {
      const size_t size = 400u << 20;
      void* at = child % 2 ? mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
                           : mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, open("/dev/zero", O_RDWR), 0);
      if (at != MAP_FAILED) memset(at, 1, size);
      usleep(500000);
      _exit(0);
    }
  }
  while (wait(nullptr) > 0) {
  }
  puts("3");
}
