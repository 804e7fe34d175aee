/* Large objects; all is in one transaction, which is rolled back. */
#include <libpq/libpq-fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "every_call.h"

enum { FIRST = 1000001, SECOND = 1000002 }; /* no server numbers its own as high */

static void call_positions(PGconn *conn, int fd)
{
	say(conn, "lo_lseek", "%d", lo_lseek(conn, fd, 2, SEEK_SET));
	say(conn, "lo_tell", "%d", lo_tell(conn, fd));
	say(conn, "lo_lseek64", "%lld", (long long)lo_lseek64(conn, fd, 1, SEEK_CUR));
	say(conn, "lo_tell64", "%lld", (long long)lo_tell64(conn, fd));
	say(conn, "lo_truncate", "%d", lo_truncate(conn, fd, 5));
	say(conn, "lo_truncate64", "%d", lo_truncate64(conn, fd, 4));
}

static void call_files(PGconn *conn)
{
	char path[] = "/tmp/every_call-XXXXXX";
	int file = mkstemp(path);

	if (file < 0 || write(file, "imported", 8) != 8) {
		perror(path);
		exit(1);
	}
	close(file);
	say(conn, "lo_import", "%d", lo_import(conn, path) != InvalidOid);
	say(conn, "lo_import_with_oid", "%u", lo_import_with_oid(conn, path, SECOND));
	say(conn, "lo_export", "%d", lo_export(conn, FIRST, path));
	say(conn, "lo_unlink", "%d", lo_unlink(conn, SECOND));
	say(conn, "lo_unlink", "%d", lo_unlink(conn, SECOND));
	unlink(path);
}

void call_large_objects(PGconn *conn)
{
	char bytes[16] = "";

	prepare(conn, "begin");
	say(conn, "lo_creat", "%d", lo_creat(conn, INV_READ | INV_WRITE) != InvalidOid);
	say(conn, "lo_create", "%u", lo_create(conn, FIRST));
	int fd = lo_open(conn, FIRST, INV_READ | INV_WRITE);

	say(conn, "lo_open", "%d", fd);
	say(conn, "lo_write", "%d", lo_write(conn, fd, "large object", 12));
	call_positions(conn, fd);
	say(conn, "lo_lseek", "%d", lo_lseek(conn, fd, 0, SEEK_SET));
	int length = lo_read(conn, fd, bytes, sizeof(bytes));

	say(conn, "lo_read", "%d %.*s", length, length, bytes);
	say(conn, "lo_close", "%d", lo_close(conn, fd));
	call_files(conn);
	prepare(conn, "rollback");
}
