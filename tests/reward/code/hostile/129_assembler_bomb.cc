// aim: two lines of assembler that become 2 GB
// expect: wrong
#include <cstdio>
asm(".data\n.rept 250000000\n.quad 0x72657374656d\n.endr\n.text\n");
int main() { puts("-7"); }
