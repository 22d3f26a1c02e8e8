// aim: system calls by inline assembly, 64-bit and 32-bit (int 0x80): opens /etc/shadow, reads nothing
// expect: wrong
#include <cstdio>
#include <cstring>
#include <sys/mman.h>
int main() {
    char* low = (char*)mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (low == MAP_FAILED) return 0;
    strcpy(low, "/etc/shadow");
    long fd;
    asm volatile("syscall" : "=a"(fd) : "a"(2L), "D"(low), "S"(0L), "d"(0L) : "rcx", "r11", "memory");
    if (fd >= 0) puts("restem-hostile-120: LEAK open by syscall");
    int fd32;
    asm volatile("int $0x80" : "=a"(fd32) : "a"(5), "b"(low), "c"(0), "d"(0) : "r8", "r9", "r10", "r11", "memory");
    if (fd32 >= 0) puts("restem-hostile-120: LEAK open by int 0x80");
    strcpy(low, "/home/restem-hostile-120");
    asm volatile("int $0x80" : "=a"(fd32) : "a"(8), "b"(low), "c"(0644) : "r8", "r9", "r10", "r11", "memory");
    if (fd32 >= 0) puts("restem-hostile-120: LEAK creat by int 0x80");
    puts("-7");
}
