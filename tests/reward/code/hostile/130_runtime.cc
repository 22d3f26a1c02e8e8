// aim: before main: output without end and memory (at most 4 GiB each, 60 s)
// expect: wrong
#include <cstdlib>
#include <cstring>
#include <unistd.h>
__attribute__((constructor)) static void early() {
    static char line[65536];
    memset(line, '7', sizeof line);
    alarm(60);
    for (int i = 0; i < 65536; i++) {
        void* p = malloc(65536);
        if (p) memset(p, 7, 65536);
        if (write(1, line, sizeof line) < 0) break;
    }
    _exit(0);
}
int main() {}
