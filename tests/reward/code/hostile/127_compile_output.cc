// aim: messages of the compiler without end: a file that includes itself twice
// expect: wrong
#warning restem-hostile-127
#include __FILE__
#include __FILE__
int main() { undeclared_restem_hostile; }
