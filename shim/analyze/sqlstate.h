/* What an SQLSTATE of a failed connect means, in words. */
#ifndef ANALYZE_SQLSTATE_H
#define ANALYZE_SQLSTATE_H

/* "the database does not exist"; "" for one that is not in sqlstates.def. */
const char *sqlstate_meaning(const char *sqlstate);

#endif
