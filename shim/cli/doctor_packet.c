#include "cli/doctor_packet.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
	CODE_CANCEL = 80877102,
	CODE_SSL = 80877103,
	CODE_GSS = 80877104,
	PROTOCOL_MAJOR = 3,
	CANCEL_LEAST = 16
};

static uint32_t number_at(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

/* A handshake record with a ClientHello, in which the client names the protocol it
 * wants: libpq 17's sslnegotiation=direct. */
static bool is_direct_tls(const unsigned char *bytes, size_t size)
{
	static const char protocol[] = "\x0apostgresql";

	return bytes[0] == 0x16 && bytes[1] == 3 && bytes[5] == 1 &&
	       memmem(bytes, size, protocol, sizeof(protocol) - 1);
}

enum packet packet_read(const unsigned char *bytes, size_t size, size_t written)
{
	uint32_t length, code;

	if (size < PACKET_LEAST || written > PACKET_MOST)
		return PACKET_NONE;
	if (is_direct_tls(bytes, size))
		return PACKET_ENCRYPTION;
	length = number_at(bytes);
	code = number_at(bytes + 4);
	/* A client may send the rest of a packet later, but nothing with it. */
	if (length < written || length > PACKET_MOST)
		return PACKET_NONE;
	if (code == CODE_SSL || code == CODE_GSS)
		return length == PACKET_LEAST ? PACKET_ENCRYPTION : PACKET_NONE;
	if (code == CODE_CANCEL)
		return length >= CANCEL_LEAST ? PACKET_CANCEL : PACKET_NONE;
	return code >> 16 == PROTOCOL_MAJOR && length > PACKET_LEAST ? PACKET_STARTUP : PACKET_NONE;
}
