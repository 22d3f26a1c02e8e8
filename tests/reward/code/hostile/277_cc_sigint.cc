// aim: interrupt process 1
// expect: wrong
#include <signal.h>
#include <unistd.h>
int main() { kill(1, SIGINT); sleep(1); }
