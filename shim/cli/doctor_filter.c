#include "cli/doctor_filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/doctor_packet.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* Linux 5.19 */
#endif

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef ARCHITECTURE

#define LOW(field) ((unsigned)offsetof(struct seccomp_data, field))
#define HIGH(field) (LOW(field) + 4) /* both architectures are little-endian */

/* Positions in `program`: a jump's distance is counted from the instruction after it. */
enum { AT_WRITE = 11, AT_LENGTH = 14, AT_LOOK = 19, AT_PASS = 20 };
#define TO(from, target) ((unsigned char)((target) - (from) - 1))

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define IF_EQUAL(at, value, then, otherwise) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), TO(at, then), TO(at, otherwise))
#define IF_LEAST(at, value, then, otherwise) \
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (value), TO(at, then), TO(at, otherwise))
#define IF_BEYOND(at, value, then, otherwise) \
	BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (value), TO(at, then), TO(at, otherwise))

static struct sock_filter program[] = {
	[0] = LOAD(LOW(arch)),
	[1] = IF_EQUAL(1, ARCHITECTURE, 2, AT_PASS),
	[2] = LOAD(LOW(nr)),
	[3] = IF_EQUAL(3, SYS_sendmsg, AT_LOOK, 4),
	[4] = IF_EQUAL(4, SYS_writev, AT_LOOK, 5),
	[5] = IF_EQUAL(5, SYS_write, AT_WRITE, 6),
	[6] = IF_EQUAL(6, SYS_sendto, 7, AT_PASS),
	[7] = LOAD(LOW(args[4])), /* with an address it is no connection's */
	[8] = IF_EQUAL(8, 0, 9, AT_PASS),
	[9] = LOAD(HIGH(args[4])),
	[10] = IF_EQUAL(10, 0, AT_LENGTH, AT_PASS),
	[AT_WRITE] = LOAD(LOW(args[0])), /* standard output and error are the most frequent */
	[12] = IF_EQUAL(12, STDOUT_FILENO, AT_PASS, 13),
	[13] = IF_EQUAL(13, STDERR_FILENO, AT_PASS, AT_LENGTH),
	[AT_LENGTH] = LOAD(HIGH(args[2])),
	[15] = IF_EQUAL(15, 0, 16, AT_PASS),
	[16] = LOAD(LOW(args[2])),
	[17] = IF_LEAST(17, PACKET_LEAST, 18, AT_PASS),
	[18] = IF_BEYOND(18, PACKET_MOST, AT_PASS, AT_LOOK),
	[AT_LOOK] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	[AT_PASS] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static int filter_try(unsigned long flags)
{
	struct sock_fprog filter = { sizeof(program) / sizeof(program[0]), program };
	long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);

	return fd < 0 ? -errno : (int)fd;
}

/* With the second flag a call that is being looked at is not interrupted by a signal:
 * a write that the program alone would have finished must not fail with EINTR. */
static int filter_try_both(void)
{
	unsigned long listener = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	int fd = filter_try(listener | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);

	return fd == -EINVAL ? filter_try(listener) : fd;
}

/* Since Linux 5.5 a call can be looked at and let pass. */
static bool kernel_is_new(void)
{
	struct utsname name;
	unsigned major, minor;

	return !uname(&name) && sscanf(name.release, "%u.%u", &major, &minor) == 2 &&
	       (major > 5 || (major == 5 && minor >= 5));
}

int filter_install(void)
{
	int fd;

	if (!kernel_is_new())
		return -ENOSYS;
	fd = filter_try_both();
	if (fd == -EACCES && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		fd = filter_try_both();
	return fd;
}

#else

int filter_install(void)
{
	return -ENOSYS;
}

#endif
