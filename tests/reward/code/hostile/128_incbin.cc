// aim: put files of the host into the program through the assembler
// expect: wrong
#include <cstdio>
asm(".section .rodata\n.globl secret\nsecret: .incbin \"/etc/shadow\"\n.globl secret_end\nsecret_end: .byte 0\n.text\n");
extern "C" const char secret[], secret_end[];
int main() {
    if (secret_end > secret) puts("restem-hostile-128: LEAK /etc/shadow in the program");
    puts("-7");
}
