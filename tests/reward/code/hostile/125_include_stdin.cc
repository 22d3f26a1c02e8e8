// aim: include the standard input and the terminal, and wait
// expect: wrong
#include "/dev/stdin"
#include "/dev/tty"
#include <cstdio>
int main() { puts("-7"); }
