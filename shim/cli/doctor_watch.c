#include "cli/doctor_watch.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/checkup.h"
#include "cli/doctor_caller.h"
#include "cli/doctor_proc.h"

enum { PARTS_MAX = 8 }; /* of one write; a first packet comes in one or two */

/* What a call is about to write: places in the memory of its process. */
struct writing {
	struct iovec parts[PARTS_MAX];
	size_t part_count;
	size_t size; /* bytes of all */
};

/* Copies `size` bytes of the thread's memory. Returns how many, or -1 with errno. */
static ssize_t memory_read(pid_t thread, uint64_t address, void *ret, size_t size)
{
	struct iovec local = { ret, size }, remote = { (void *)(uintptr_t)address, size };

	return process_vm_readv(thread, &local, 1, &remote, 1, 0);
}

static bool parts_read(pid_t thread, uint64_t address, uint64_t count, struct writing *ret)
{
	if (count == 0 || count > PARTS_MAX)
		return false;
	ret->part_count = count;
	return memory_read(thread, address, ret->parts, count * sizeof(*ret->parts)) ==
	       (ssize_t)(count * sizeof(*ret->parts));
}

static bool writing_read(const struct seccomp_notif *notice, struct writing *ret)
{
	const __u64 *arguments = notice->data.args;
	pid_t thread = (pid_t)notice->pid;
	struct msghdr message;

	errno = 0;
	switch (notice->data.nr) {
	case SYS_writev:
		return parts_read(thread, arguments[1], arguments[2], ret);
	case SYS_sendmsg:
		return memory_read(thread, arguments[1], &message, sizeof(message)) ==
			       (ssize_t)sizeof(message) &&
		       parts_read(thread, (uintptr_t)message.msg_iov, message.msg_iovlen, ret);
	default:
		ret->parts[0] = (struct iovec){ (void *)(uintptr_t)arguments[1], arguments[2] };
		ret->part_count = 1;
		return true;
	}
}

/* Cuts what is to be read to `most` bytes. */
static void writing_measure(struct writing *writing, size_t most)
{
	size_t kept = 0;

	for (size_t i = 0; i < writing->part_count; i++) {
		size_t length = writing->parts[i].iov_len;

		writing->size += length;
		if (length > most - kept)
			writing->parts[i].iov_len = most - kept;
		kept += writing->parts[i].iov_len;
	}
}

static enum packet packet_of(const struct seccomp_notif *notice)
{
	unsigned char bytes[PACKET_LOOK_MAX];
	struct iovec local = { bytes, sizeof(bytes) };
	struct writing writing = { 0 };
	ssize_t size;

	if (!writing_read(notice, &writing))
		return PACKET_NONE;
	writing_measure(&writing, sizeof(bytes));
	size = process_vm_readv((pid_t)notice->pid, &local, 1, writing.parts, writing.part_count,
				0);
	return size < 0 ? PACKET_NONE : packet_read(bytes, (size_t)size, writing.size);
}

/* The thread that the kernel named still waits: what was read is its own. */
static bool is_valid(const struct watch *watch, const struct seccomp_notif *notice)
{
	__u64 id = notice->id;

	return !ioctl(watch->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
}

/* What is to be looked up in files once the process goes on. */
struct look {
	struct patient *patient;
	struct maps maps;
	struct speech speech;
	struct caller caller;
	bool has_speech;
};

static void look_at_process(struct watch *watch, pid_t pid, struct look *look)
{
	look->patient = patients_find(watch->patients, pid);
	if (look->patient && proc_maps(pid, &look->maps))
		look->patient = NULL;
}

static void look_at_call(struct watch *watch, const struct seccomp_notif *notice,
			 enum packet packet, struct look *look)
{
	pid_t thread = (pid_t)notice->pid, pid = proc_of_thread(thread);
	int fd = (int)notice->data.args[0];
	uint64_t inode = proc_socket_inode(thread, fd);

	if (!pid || !inode || !proc_peer(pid, fd, look->speech.address))
		return;
	look_at_process(watch, pid, look);
	if (!look->patient || !is_valid(watch, notice))
		return;
	look->caller = caller_find(thread, &look->maps, watch->patients->shim);
	look->speech.inode = inode;
	look->speech.packet = packet;
	look->has_speech = true;
}

static bool is_checkup(const struct seccomp_notif *notice)
{
	return notice->data.nr == SYS_write && (int)notice->data.args[0] == -1 &&
	       notice->data.args[2] == CHECKUP_SIZE;
}

static void speech_keep(struct patient *patient, const struct look *look)
{
	struct speech *speech = patient_speech(patient, look->speech.inode);
	struct object *by = patient_object(patient, look->caller.path);

	if (!speech)
		return;
	if (by)
		object_search(by, patient->pid);
	*speech = look->speech;
	speech->is_through_shim = look->caller.is_through_shim;
	speech->by = by;
}

static void look_keep(struct watch *watch, struct look *look)
{
	if (!look->patient)
		return;
	patient_add_objects(watch->patients, look->patient, &look->maps);
	if (look->has_speech)
		speech_keep(look->patient, look);
	maps_finish(&look->maps);
}

static void look_begin(struct watch *watch, const struct seccomp_notif *notice, struct look *look)
{
	enum packet packet;

	if (is_checkup(notice)) {
		look_at_process(watch, proc_of_thread((pid_t)notice->pid), look);
		return;
	}
	packet = packet_of(notice);
	if (packet != PACKET_NONE) {
		look_at_call(watch, notice, packet, look);
	} else if (errno == EPERM && is_valid(watch, notice)) {
		if (!watch->unread++)
			watch->unread_pid = (pid_t)notice->pid;
	}
}

static void watch_answer(struct watch *watch)
{
	struct look look = { 0 };
	union call call;

	if (!call_receive(watch->listener, &call))
		return;
	look_begin(watch, &call.notice, &look);
	call_pass(watch->listener, &call);
	look_keep(watch, &look);
}

int watch_init(struct watch *watch, int listener, struct patients *patients)
{
	*watch = (struct watch){ .listener = listener, .patients = patients };
	return heir_start(&watch->heir, listener);
}

void watch_run(struct watch *watch, int until)
{
	struct pollfd waited[] = { { .fd = watch->listener, .events = POLLIN },
				   { .fd = until, .events = POLLIN } };

	for (;;) {
		if (poll(waited, 2, -1) < 0)
			continue;
		if (waited[0].revents & POLLIN)
			watch_answer(watch);
		else if (waited[1].revents)
			return;
	}
}

void watch_finish(struct watch *watch, bool is_over)
{
	close(watch->listener);
	heir_finish(&watch->heir, is_over);
}
