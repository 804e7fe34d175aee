/* Forbids the system calls of a family to this process and what it starts: a seccomp filter. */
#ifndef FILTER_H
#define FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static const struct {
	const char *name;
	unsigned numbers[4];
} families[] = {
#ifdef SYS_vfork
	{ "clone", { SYS_clone, SYS_clone3, SYS_vfork, SYS_fork } },
#else
	{ "clone", { SYS_clone, SYS_clone3 } },
#endif
	{ "close_range", { SYS_close_range } },
	{ "execve", { SYS_execve, SYS_execveat } },
	{ "fallocate", { SYS_fallocate } },
	{ "ftruncate", { SYS_ftruncate } },
	{ "getrandom", { SYS_getrandom } },
	{ "kill", { SYS_kill } },
	{ "madvise", { SYS_madvise } },
	{ "memfd_create", { SYS_memfd_create } },
	{ "mkdirat", { SYS_mkdirat,
#ifdef SYS_mkdir
		       SYS_mkdir
#endif
	} },
	{ "mremap", { SYS_mremap } },
	{ "openat", { SYS_openat } },
	{ "pidfd_open", { SYS_pidfd_open } },
	{ "pipe2", { SYS_pipe2 } },
	{ "prctl", { SYS_prctl } },
	{ "process_vm_readv", { SYS_process_vm_readv } },
	{ "unlinkat", { SYS_unlinkat,
#ifdef SYS_unlink
			SYS_unlink
#endif
	} },
};

static int filter_install(const unsigned *numbers, unsigned action)
{
	struct sock_filter code[16];
	unsigned short count = 0;

	code[count++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						     offsetof(struct seccomp_data, nr));
	for (int i = 0; i < 4 && (numbers[i] || i == 0); i++) {
		code[count++] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, numbers[i], 0, 1);
		code[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
	}
	code[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { count, code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* `action` is one of SECCOMP_RET_.... Returns 0, or -1 for an unknown name. */
static int forbid(const char *name, unsigned action)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		if (strcmp(families[i].name, name) == 0)
			return filter_install(families[i].numbers, action);
	}
	return -1;
}

#endif
