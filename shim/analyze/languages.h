/* What the report calls the languages of the ledger's frames. */
#ifndef ANALYZE_LANGUAGES_H
#define ANALYZE_LANGUAGES_H

#include "ledger/layout.h"

/* "c", "python" ... of an enum ledger_language; "unknown" of what is none. */
const char *language_name(unsigned language);

/* The same for people: "C", "Python". */
const char *language_title(unsigned language);

/* The language whose interpreter is `library`, as owner_find has it of native frames;
 * LEDGER_NATIVE when it is none. */
enum ledger_language language_of_interpreter(const char *library);

#endif
