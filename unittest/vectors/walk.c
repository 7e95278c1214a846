/* SPDX-License-Identifier: Apache-2.0 */
#include "walk.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static void walk(const char *dir, unsigned depth, size_t most,
                 void (*look)(const char *path, size_t size))
{
    DIR *d = depth < 16 ? opendir(dir) : NULL;
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        char path[1024];
        struct stat st;
        if (e->d_name[0] == '.' ||
            snprintf(path, sizeof path, "%s/%s", dir, e->d_name) >= (int)sizeof path ||
            stat(path, &st) != 0) {
            continue;
        }
        if (S_ISDIR(st.st_mode)) {
            walk(path, depth + 1, most, look);
        } else if (S_ISREG(st.st_mode) && st.st_size > 0 && (size_t)st.st_size <= most) {
            look(path, (size_t)st.st_size);
        }
    }
    if (d != NULL) {
        closedir(d);
    }
}

void walk_vectors(size_t most, void (*look)(const char *path, size_t size))
{
    const char *dir = getenv("WICK_VECTORS_DIR");
    walk(dir != NULL ? dir : WICK_VECTORS_DEFAULT, 0, most, look);
}
