#include "frames/python_lines.h"

/* Table bytes are the host's: a sum of garbage must not overflow. */
static int32_t add(int32_t left, int32_t right)
{
	return (int32_t)((uint32_t)left + (uint32_t)right);
}

/* Objects/lnotab_notes.txt: pairs of bytes to advance and lines to add. */
static int32_t line_by_lnotab(struct peek_window *table, int32_t line, int32_t position)
{
	int64_t start = 0;

	for (;;) {
		int advance = peek_window_byte(table);
		int lines = peek_window_byte(table);

		if (advance < 0 || lines < 0)
			return line;
		start += advance;
		if (start > position)
			return line;
		line = add(line, (int8_t)lines);
	}
}

/* 3.10, the same file: pairs of a range's bytes and the lines to add before it;
 * -128 is a range without a line. */
static int32_t line_by_linetable(struct peek_window *table, int32_t line, int32_t position)
{
	int64_t end = 0;

	for (;;) {
		int bytes = peek_window_byte(table);
		int lines = peek_window_byte(table);

		if (bytes < 0 || lines < 0)
			return -1;
		end += bytes;
		if ((int8_t)lines != -128)
			line = add(line, (int8_t)lines);
		if (end > position)
			return (int8_t)lines == -128 ? -1 : line;
	}
}

/* 3.11 and newer: Objects/locations.md. */
enum location_code {
	LOCATION_ONE_LINE = 10, /* to 12: 0 to 2 lines on, then two columns */
	LOCATION_NO_COLUMNS = 13,
	LOCATION_LONG = 14,
	LOCATION_NONE = 15
};

static int32_t read_varint(struct peek_window *table)
{
	uint32_t value = 0;

	for (unsigned shift = 0; shift < 32; shift += 6) {
		int byte = peek_window_byte(table);

		if (byte < 0)
			break;
		value |= (uint32_t)(byte & 63) << shift;
		if (!(byte & 64))
			break;
	}
	return (int32_t)(value & INT32_MAX);
}

static int32_t read_signed_varint(struct peek_window *table)
{
	int32_t value = read_varint(table);

	return value & 1 ? -(value >> 1) : value >> 1;
}

void python_location_init(struct python_location *location, uint32_t first_line)
{
	*location = (struct python_location){ .last_line = (int32_t)first_line };
}

static void read_columns(struct python_location *location, struct peek_window *table, int code)
{
	if (code == LOCATION_LONG) {
		location->end_line = add(location->line, read_varint(table));
		location->column = read_varint(table) - 1;
		location->end_column = read_varint(table) - 1;
	} else if (code >= LOCATION_ONE_LINE) {
		location->column = peek_window_byte(table);
		location->end_column = peek_window_byte(table);
	} else {
		int columns = peek_window_byte(table);

		location->column = code << 3 | (columns >> 4 & 7);
		location->end_column = location->column + (columns & 15);
	}
}

bool python_location_next(struct python_location *location, struct peek_window *table)
{
	int first = peek_window_byte(table);

	if (first < 0x80)
		return false;

	int code = first >> 3 & 15;

	location->start = location->end;
	location->end += 2u * ((unsigned)(first & 7) + 1);
	location->line = location->end_line = -1;
	location->column = location->end_column = -1;
	if (code == LOCATION_NONE)
		return true;

	if (code == LOCATION_LONG || code == LOCATION_NO_COLUMNS)
		location->last_line = add(location->last_line, read_signed_varint(table));
	else if (code >= LOCATION_ONE_LINE)
		location->last_line = add(location->last_line, code - LOCATION_ONE_LINE);
	location->line = location->end_line = location->last_line;
	if (code != LOCATION_NO_COLUMNS)
		read_columns(location, table, code);
	return true;
}

static int32_t line_by_locations(struct peek_window *table, uint32_t first_line, int32_t position)
{
	struct python_location location;

	python_location_init(&location, first_line);
	while (python_location_next(&location, table))
		if ((int64_t)location.end > position)
			return location.line;
	return -1;
}

uint32_t python_line(unsigned minor, struct peek_window *table, uint32_t first_line,
		     int32_t position)
{
	int32_t line = (int32_t)first_line;

	if (minor <= 9)
		line = line_by_lnotab(table, line, position);
	else if (position >= 0)
		line = minor == 10 ? line_by_linetable(table, line, position)
				   : line_by_locations(table, first_line, position);
	return line < 0 ? 0 : (uint32_t)line;
}
