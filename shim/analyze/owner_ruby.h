/* Whose code a Ruby file is, by the directories in which Ruby and its gems lie. */
#ifndef ANALYZE_OWNER_RUBY_H
#define ANALYZE_OWNER_RUBY_H

#include "analyze/owner.h"

/* As owner_find, of a Ruby frame's file. */
enum owner owner_find_ruby(struct arena *arena, const char *path, const char **ret_library);

#endif
