/* Tells the first packets of PostgreSQL's clients from other bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/doctor_packet.h"

#define BYTES(text) (const unsigned char *)(text), sizeof(text) - 1, sizeof(text) - 1

static void what_begins_a_connection_is_told(void **state)
{
	(void)state;
	assert_int_equal(packet_read(BYTES("\0\0\0\x8\x4\xd2\x16\x2f")), PACKET_ENCRYPTION);
	assert_int_equal(packet_read(BYTES("\0\0\0\x8\x4\xd2\x16\x30")), PACKET_ENCRYPTION);
	assert_int_equal(packet_read(BYTES("\0\0\0\x10\x4\xd2\x16\x2e\0\0\0\1\0\0\0\2")),
			 PACKET_CANCEL);
	assert_int_equal(packet_read(BYTES("\0\0\0\x10\0\3\0\0user\0me\0")), PACKET_STARTUP);
	assert_int_equal(packet_read(BYTES("\0\0\0\x10\0\3\0\2user\0me\0")), PACKET_STARTUP);
	assert_int_equal(packet_read(BYTES("\x16\3\1\2\0\1\0\1\xfc\3\3....\0\x0b"
					   "\x0apostgresql...")), PACKET_ENCRYPTION);
}

static void the_rest_of_a_packet_may_come_later_but_nothing_with_it(void **state)
{
	(void)state;
	assert_int_equal(packet_read(BYTES("\0\0\0\x20\0\3\0\0user\0")), PACKET_STARTUP);
	assert_int_equal(packet_read(BYTES("\0\0\0\x9\0\3\0\0\0....")), PACKET_NONE);
	assert_int_equal(packet_read(BYTES("\0\0\0\x8\x4\xd2\x16\x2f....")), PACKET_NONE);
}

static void other_bytes_are_nothing(void **state)
{
	(void)state;
	assert_int_equal(packet_read(BYTES("")), PACKET_NONE);
	assert_int_equal(packet_read(BYTES("\0\0\0\x8\x4\xd2\x16")), PACKET_NONE);
	assert_int_equal(packet_read(BYTES("\0\0\0\x8\x4\xd2\x16\x31")), PACKET_NONE);
	assert_int_equal(packet_read(BYTES("\0\0\0\x8\0\3\0\0")), PACKET_NONE);
	assert_int_equal(packet_read(BYTES("\0\0\0\x8\x4\xd2\x16\x2e")), PACKET_NONE);
	assert_int_equal(packet_read(BYTES("\0\0\x27\x11\0\3\0\0user\0")), PACKET_NONE);
	assert_int_equal(packet_read(BYTES("\1\0\0\0\0\0\0\0")), PACKET_NONE); /* an eventfd */
	assert_int_equal(packet_read(BYTES("GET / HTTP/1.1\r\n\r\n")), PACKET_NONE);
	assert_int_equal(packet_read(BYTES("\x16\3\1\2\0\1\0\1\xfc\3\3....\x02h2")), PACKET_NONE);
}

static void what_the_server_would_refuse_is_nothing(void **state)
{
	static unsigned char bytes[PACKET_MOST + 1] = { 0, 0, 0x27, 0x10, 0, 3, 0, 0, 'u' };

	(void)state;
	assert_int_equal(packet_read(bytes, PACKET_LOOK_MAX, PACKET_MOST), PACKET_STARTUP);
	assert_int_equal(packet_read(bytes, PACKET_LOOK_MAX, PACKET_MOST + 1), PACKET_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_begins_a_connection_is_told),
		cmocka_unit_test(the_rest_of_a_packet_may_come_later_but_nothing_with_it),
		cmocka_unit_test(other_bytes_are_nothing),
		cmocka_unit_test(what_the_server_would_refuse_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
