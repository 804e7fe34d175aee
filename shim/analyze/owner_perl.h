/* Whose code a Perl file is, by the directories in which Perl looks for modules. */
#ifndef ANALYZE_OWNER_PERL_H
#define ANALYZE_OWNER_PERL_H

#include "analyze/owner.h"

/* As owner_find, of a Perl frame's file. */
enum owner owner_find_perl(struct arena *arena, const char *path, const char **ret_library);

#endif
