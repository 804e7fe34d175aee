/* Numbers of system calls that the oldest glibc has no name for; the same on every
 * architecture. */
#ifndef BASE_SYSTEM_CALLS_H
#define BASE_SYSTEM_CALLS_H

#include <sys/syscall.h>

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438 /* Linux 5.6 */
#endif
#ifndef SYS_close_range
#define SYS_close_range 436 /* Linux 5.9 */
#endif

#endif
