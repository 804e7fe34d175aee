/* Completes the plain report that the shim writes when it can start no companion.
 *
 * A native frame of it is one line; the path may contain anything but a newline:
 *
 *	    #3 0x7f12345678 (/usr/lib/x86_64-linux-gnu/libpq.so.5+0x1234) (BuildId: 0123abcd)
 *
 * The offset is a return address, in p_vaddr terms; the BuildId part may be missing.
 * Such a line becomes
 *
 *	    #3 function file:line
 *
 * and, where functions were inlined, several lines of the same number, innermost first,
 * those that were inlined into the next marked "(inlined)". Without a file, the
 * module stays: "#3 function (PATH+0xOFFSET)". All else passes unchanged.
 */
#ifndef SYMBOLIZE_PLAIN_REPORT_H
#define SYMBOLIZE_PLAIN_REPORT_H

#include <stdio.h>

#include "symbolize/symbolizer.h"

/* Reads to the end of `in`, flushes `out`; closes neither. Returns 0, or -Exxx
 * of the first failed read or write. */
int plain_report_symbolize(FILE *in, FILE *out, struct symbolizer *symbolizer);

#endif
