/* What a plug-in's own libpython looks like to a search: loaded, but in no scope. */
void *PyGILState_GetThisThreadState(void);

__attribute__((visibility("default"))) void *PyGILState_GetThisThreadState(void)
{
	return 0;
}
