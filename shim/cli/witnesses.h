/* A report on one process alone cannot know whether others go on with what it inherited: the
 * ledgers of its parent and of its siblings, in the same directory, are asked for that.
 */
#ifndef CLI_WITNESSES_H
#define CLI_WITNESSES_H

#include "cli/ledgers.h"

/* Adds what the ledger, where there is one only, needs of the others. What cannot be read says
 * nothing. */
void witnesses_call(struct ledgers *ledgers);

#endif
