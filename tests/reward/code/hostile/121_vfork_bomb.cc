// aim: vfork and exec of itself without end (two generations, 1600 processes, 20 s, should nothing contain it)
// expect: wrong
#include <cstdlib>
#include <unistd.h>
int main(int argc, char** argv) {
    int generation = argc > 1 ? atoi(argv[1]) : 0;
    char next[2] = {(char)('1' + generation), 0};
    alarm(20);
    if (generation < 2)
        for (int i = 0; i < 40; i++)
            if (vfork() == 0) {
                execl("/proc/self/exe", "restem-hostile-121", next, (char*)nullptr);
                _exit(1);
            }
    for (;;) pause();
}
