#include "render/renderer.h"

#include <string.h>

static const struct renderer *const renderers[] = {
#define RENDERER(name) &renderer_##name,
#include "render/renderers.def"
#undef RENDERER
};

const struct renderer *renderer_find(const char *format)
{
	for (size_t i = 0; i < sizeof(renderers) / sizeof(renderers[0]); i++) {
		if (!strcmp(renderers[i]->format, format))
			return renderers[i];
	}
	return NULL;
}
