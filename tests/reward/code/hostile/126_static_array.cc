// aim: an object file of 2 GB
// expect: wrong
#include <cstdio>
char block[2000000000] = {1};
int main() { printf("%d\n", -block[0]); }
