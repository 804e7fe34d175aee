/* How a libpq came into its process, in the words of the JSON reports: "linked", or "local"
 * or "global" when it was opened by dlopen; with these "deepbound" and "dlsym".
 */
#ifndef ANALYZE_LOADED_H
#define ANALYZE_LOADED_H

#include <stddef.h>
#include <stdint.h>

enum { LOADED_WORDS_MAX = 4 };

/* `flags` are those of a ledger's module. Returns how many words. */
size_t loaded_words(uint32_t flags, const char **ret_words);

#endif
