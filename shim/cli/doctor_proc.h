/* Facts about another process, from /proc. Each is what it is at that moment; of a process
 * that is gone, or that may not be looked at, nothing. */
#ifndef CLI_DOCTOR_PROC_H
#define CLI_DOCTOR_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cli/doctor_maps.h"

/* The process of a thread; 0 unknown. */
pid_t proc_of_thread(pid_t thread);

pid_t proc_parent(pid_t pid);            /* 0 unknown */
uint64_t proc_start_ticks(pid_t pid);    /* 0 unknown */
bool proc_is_secure(pid_t pid);          /* set-user-id and the like: AT_SECURE */

/* The value of a variable ("LD_PRELOAD=") in the environment that its program began with.
 * Caller frees; NULL when it is not there. */
char *proc_variable(pid_t pid, const char *name);

/* Path of its program. Caller frees; NULL unknown. */
char *proc_executable(pid_t pid);

/* "python3 app.py": the program's name, and the script's when it is one by its name. No
 * other argument: any may be a password. Caller frees; NULL unknown. */
char *proc_command(pid_t pid, const char *executable);

/* Inode of the socket that is its descriptor `fd`; 0 when that is no socket. */
uint64_t proc_socket_inode(pid_t thread, int fd);

/* Whom the socket is connected to, in ADDRESS_MAX bytes: "" unknown. False when it is no
 * connected stream socket. */
bool proc_peer(pid_t pid, int fd, char *ret_address);

/* Returns 0, -ENOENT, or -ENOMEM. Caller frees with maps_finish when it is 0. */
int proc_maps(pid_t pid, struct maps *ret_maps);

#endif
