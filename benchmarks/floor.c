/* The floor of the machine: a Unix socket echo, one line in, the same line out. Compiled when a benchmark runs. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int count, char **words) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char buffer[65536];
    if (count != 2) return 2;
    strncpy(address.sun_path, words[1], sizeof address.sun_path - 1);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4)) return 1;
    for (;;) {
        int line = accept(listener, 0, 0);
        ssize_t got;
        while ((got = read(line, buffer, sizeof buffer)) > 0)
            if (write(line, buffer, got) != got) break;
        close(line);
    }
}
