// aim: shells from system(3) and popen(3): files outside, a look at the host, a verdict
// expect: wrong
#include <cstdio>
#include <cstdlib>
int main() {
    if (system("touch /tmp/restem-hostile-119 /var/tmp/restem-hostile-119 /home/restem-hostile-119 /restem-hostile-119 2>/dev/null")) puts("-");
    if (system("ls /home >/dev/null 2>&1") == 0) puts("restem-hostile-119: LEAK sees /home");
    if (system("grep -rl restem /tmp >/dev/null 2>&1 & echo PASS")) return 0;
    puts("-7");
}
