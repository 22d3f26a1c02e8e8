// aim: templates that instantiate twice as many of themselves at each level
// expect: wrong
template <int N, int M> struct Tree { static const int value = Tree<N - 1, 2 * M>::value + Tree<N - 1, 2 * M + 1>::value; };
template <int M> struct Tree<0, M> { static const int value = -M; };
template <int N> struct Endless { static const int value = Endless<N + 1>::value; };
#include <cstdio>
int main() { printf("%d\n", Tree<22, 1>::value); }
int other() { return Endless<0>::value; }
