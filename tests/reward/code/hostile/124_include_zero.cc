// aim: include a file without an end
// expect: wrong
#include </dev/zero>
#include <cstdio>
int main() { puts("-7"); }
