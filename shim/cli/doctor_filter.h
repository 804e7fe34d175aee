/* The filter that shows the doctor the system calls with which a program may begin a
 * PostgreSQL connection: seccomp's user notification, which needs nothing of the program
 * and works for static ones. It asks for writes that are long enough and short enough
 * for a first packet, and lets everything else pass at full speed.
 *
 * What cannot be seen: io_uring, and programs of another architecture (32 bit).
 */
#ifndef CLI_DOCTOR_FILTER_H
#define CLI_DOCTOR_FILTER_H

/* Puts the calling thread, and what it starts from now on, under the filter. Without
 * CAP_SYS_ADMIN that costs the privileges of set-user-id programs (no_new_privs).
 * Returns the descriptor from which their calls are to be answered: as long as it is
 * open and nobody answers they wait, and when it is closed they fail. Or -Exxx: -ENOSYS
 * where the kernel has no such filter. */
int filter_install(void);

#endif
