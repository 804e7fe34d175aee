/* What the report calls the languages of the ledger's frames. */
#ifndef ANALYZE_LANGUAGES_H
#define ANALYZE_LANGUAGES_H

/* "c", "python" ... of an enum ledger_language; "unknown" of what is none. */
const char *language_name(unsigned language);

#endif
