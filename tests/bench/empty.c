/* An empty shared object, to preload: what start-up costs with nothing in it. */
