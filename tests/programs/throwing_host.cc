// Opens the plug-in that the argument names and catches what it throws.
#include <dlfcn.h>

#include <exception>
#include <iostream>

int main(int argc, char **argv)
{
	void *plugin = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : nullptr;

	if (plugin == nullptr) {
		std::cerr << "usage: throwing_host PLUGIN" << std::endl;
		return 2;
	}
	auto throw_it = reinterpret_cast<void (*)()>(dlsym(plugin, "plugin_throw"));
	for (int count = 0; count < 3; count++) {
		try {
			throw_it();
		} catch (const std::exception &error) {
			std::cout << "caught: " << error.what() << std::endl;
		}
	}
	return 8;
}
