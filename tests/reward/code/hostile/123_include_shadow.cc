// aim: include files that the compiler should not see, so that its messages tell them
// expect: wrong
#include "/etc/shadow"
#include "/etc/hostname"
#include "/home/restem-hostile-123"
#include <cstdio>
int main() { puts("-7"); }
