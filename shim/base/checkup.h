/* How the shim tells `pqleak doctor` that its process is about to end, while what is
 * loaded can still be read: it asks to write CHECKUP_SIZE bytes to descriptor -1. That
 * harms nobody (EBADF), no sandbox forbids it, and the doctor's filter sees it as it
 * sees every write of that size.
 */
#ifndef BASE_CHECKUP_H
#define BASE_CHECKUP_H

#define CHECKUP_VARIABLE "PQLEAK_DOCTOR" /* "1" in the environment: the doctor is there */

enum { CHECKUP_SIZE = 4719 };

#endif
