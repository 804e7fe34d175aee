/* Does a write begin a PostgreSQL connection? Told from the first bytes that a client
 * sends: a length, then a protocol version or one of the codes beside it.
 *
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
#ifndef CLI_DOCTOR_PACKET_H
#define CLI_DOCTOR_PACKET_H

#include <stddef.h>

enum packet {
	PACKET_NONE,
	PACKET_STARTUP,
	PACKET_ENCRYPTION, /* SSLRequest, GSSENCRequest, or TLS at once (ALPN "postgresql") */
	PACKET_CANCEL      /* CancelRequest: such a connection is no session */
};

enum {
	PACKET_LEAST = 8,     /* bytes of the shortest packet */
	PACKET_MOST = 10000,  /* the server refuses longer ones: MAX_STARTUP_PACKET_LENGTH */
	PACKET_LOOK_MAX = 2048 /* bytes that are worth reading: a ClientHello with its ALPN */
};

/* `bytes` are the first `size` of the `written` bytes. */
enum packet packet_read(const unsigned char *bytes, size_t size, size_t written);

#endif
