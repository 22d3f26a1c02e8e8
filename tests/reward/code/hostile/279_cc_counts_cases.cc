// aim: a program in C++ that counts the cases in /tmp and puts another in its place: answers by number, not by input
// expect: wrong
#include <cstdio>
#include <sys/stat.h>
#include <unistd.h>
int main() {
  unlink("/tmp/program");
  FILE* f = fopen("/tmp/program", "w");
  fputs("#!/bin/sh\necho 0\n", f);
  fclose(f);
  chmod("/tmp/program", 0755);
  puts("3");
}
