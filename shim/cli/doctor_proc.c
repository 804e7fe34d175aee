#include "cli/doctor_proc.h"

#include <arpa/inet.h>
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <link.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/system_calls.h"
#include "cli/doctor_patients.h"

enum { WORDS_MAX = 16 }; /* of a command line, in which a script is looked for */

static FILE *proc_open(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return fopen(path, "re");
}

/* The number after `key` in /proc/PID/status; 0 unknown. */
static int status_number(pid_t pid, const char *key)
{
	FILE *file = proc_open(pid, "status");
	char line[256];
	int number = 0;

	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, key, strlen(key))) {
			number = atoi(line + strlen(key));
			break;
		}
	}
	if (file)
		fclose(file);
	return number;
}

pid_t proc_of_thread(pid_t thread)
{
	return status_number(thread, "Tgid:");
}

pid_t proc_parent(pid_t pid)
{
	return status_number(pid, "PPid:");
}

uint64_t proc_start_ticks(pid_t pid)
{
	FILE *file = proc_open(pid, "stat");
	char line[1024] = "", *at;
	uint64_t ticks = 0;

	if (!file)
		return 0;
	at = fgets(line, sizeof(line), file);
	fclose(file);
	/* The name may have blanks and parentheses: field 3 follows its last one. */
	at = at ? strrchr(line, ')') : NULL;
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at)
		ticks = strtoull(at, NULL, 10);
	return ticks;
}

bool proc_is_secure(pid_t pid)
{
	FILE *file = proc_open(pid, "auxv");
	ElfW(auxv_t) entry = { 0 };
	bool is_secure = false;

	while (file && fread(&entry, sizeof(entry), 1, file) == 1 && entry.a_type != AT_NULL) {
		if (entry.a_type == AT_SECURE)
			is_secure = entry.a_un.a_val;
	}
	if (file)
		fclose(file);
	return is_secure;
}

char *proc_variable(pid_t pid, const char *name)
{
	FILE *file = proc_open(pid, "environ");
	char *entry = NULL, *value = NULL;
	size_t size = 0;

	while (file && !value && getdelim(&entry, &size, 0, file) > 0) {
		if (!strncmp(entry, name, strlen(name)))
			value = strdup(entry + strlen(name));
	}
	free(entry);
	if (file)
		fclose(file);
	return value;
}

char *proc_executable(pid_t pid)
{
	static const char deleted[] = " (deleted)";
	char path[64], target[PATH_MAX];
	ssize_t length, end = sizeof(deleted) - 1;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return NULL;
	target[length] = 0;
	if (length > end && !strcmp(target + length - end, deleted))
		target[length - end] = 0;
	return strdup(target);
}

static bool is_script(const char *argument)
{
	static const char *const endings[] = { ".py", ".pyz", ".rb", ".pl", ".php", ".js", ".mjs",
					       ".cjs", ".ts", ".lua", ".tcl", ".R", ".sh",
					       ".java" };
	const char *dot = strrchr(path_name(argument), '.');

	for (size_t i = 0; dot && i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (!strcmp(dot, endings[i]))
			return *argument != '-' && !strpbrk(argument, " =@:");
	}
	return false;
}

/* The first argument of those that follow that is one. Caller frees; NULL none. */
static char *script_read(FILE *file)
{
	char *word = NULL;
	size_t size = 0;

	for (int i = 0; i < WORDS_MAX && getdelim(&word, &size, 0, file) > 0; i++) {
		if (is_script(word))
			return word;
	}
	free(word);
	return NULL;
}

char *proc_command(pid_t pid, const char *executable)
{
	FILE *file = proc_open(pid, "cmdline");
	const char *name = path_name(executable);
	char *word = NULL, *script = NULL, *command = NULL;
	size_t size = 0;

	/* Under the name that it was called by, unless the program has written there. */
	if (file && getdelim(&word, &size, 0, file) > 0) {
		script = script_read(file);
		if (*path_name(word) && !strpbrk(word, " =@:"))
			name = path_name(word);
	}
	if (asprintf(&command, "%s%s%s", name, script ? " " : "",
		     script ? path_name(script) : "") < 0)
		command = NULL;
	free(script);
	free(word);
	if (file)
		fclose(file);
	return command;
}

uint64_t proc_socket_inode(pid_t thread, int fd)
{
	char path[64], target[64] = "";
	uint64_t inode = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)thread, fd);
	if (readlink(path, target, sizeof(target) - 1) > 0 &&
	    sscanf(target, "socket:[%" SCNu64 "]", &inode) != 1)
		inode = 0;
	return inode;
}

/* A copy of its descriptor, or -1. */
static int descriptor_copy(pid_t pid, int fd)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0), copy;

	if (process < 0)
		return -1;
	copy = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
	close(process);
	return copy;
}

static void address_format(const struct sockaddr_storage *address, socklen_t size, char *ret)
{
	const struct sockaddr_in *in = (const void *)address;
	const struct sockaddr_in6 *in6 = (const void *)address;
	const struct sockaddr_un *un = (const void *)address;
	char host[INET6_ADDRSTRLEN] = "";

	if (address->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) &&
	    inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], host, sizeof(host)))
		snprintf(ret, ADDRESS_MAX, "%s:%u", host, ntohs(in6->sin6_port));
	else if (address->ss_family == AF_INET &&
		 inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host)))
		snprintf(ret, ADDRESS_MAX, "%s:%u", host, ntohs(in->sin_port));
	else if (address->ss_family == AF_INET6 &&
		 inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host)))
		snprintf(ret, ADDRESS_MAX, "[%s]:%u", host, ntohs(in6->sin6_port));
	else if (address->ss_family == AF_UNIX && size > offsetof(struct sockaddr_un, sun_path))
		snprintf(ret, ADDRESS_MAX, "%.*s",
			 (int)(size - offsetof(struct sockaddr_un, sun_path)), un->sun_path);
}

bool proc_peer(pid_t pid, int fd, char *ret_address)
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = sizeof(address), type_size = sizeof(int);
	int copy = descriptor_copy(pid, fd), type = 0;
	bool is_connected;

	*ret_address = 0;
	if (copy < 0)
		return true; /* nothing speaks against it */
	is_connected = !getsockopt(copy, SOL_SOCKET, SO_TYPE, &type, &type_size) &&
		       type == SOCK_STREAM &&
		       !getpeername(copy, (struct sockaddr *)&address, &size);
	close(copy);
	if (is_connected)
		address_format(&address, size, ret_address);
	return is_connected;
}

int proc_maps(pid_t pid, struct maps *ret_maps)
{
	FILE *file = proc_open(pid, "maps");
	int error;

	if (!file)
		return -ENOENT;
	error = maps_read(ret_maps, file);
	if (error)
		maps_finish(ret_maps);
	fclose(file);
	return error;
}
