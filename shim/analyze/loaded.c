#include "analyze/loaded.h"

#include "ledger/layout.h"

size_t loaded_words(uint32_t flags, const char **ret_words)
{
	size_t count = 0;

	if (flags & LEDGER_MODULE_LINKED)
		ret_words[count++] = "linked";
	else
		ret_words[count++] = flags & LEDGER_MODULE_GLOBAL ? "global" : "local";
	if (flags & LEDGER_MODULE_DEEPBOUND)
		ret_words[count++] = "deepbound";
	if (flags & LEDGER_MODULE_DLSYM)
		ret_words[count++] = "dlsym";
	return count;
}
