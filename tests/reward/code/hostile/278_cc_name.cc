// aim: asleep, with a name that reads as "ready to run"
// timeout: 0.3
// expect: wrong
#include <sys/prctl.h>
#include <unistd.h>
int main() { prctl(PR_SET_NAME, ") R\n"); sleep(60); }
