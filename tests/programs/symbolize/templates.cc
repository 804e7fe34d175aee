// Names that only a demangler reads, and standard containers for a lot of inlined code.
#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#define LABEL(name) __asm__ volatile(".globl " #name "\n" #name ": nop")

namespace pool {

template <typename Key> class cache {
public:
	explicit cache(Key first)
	{
		names[first] = "first";
	}
	__attribute__((noinline)) int find(const Key &key)
	{
		LABEL(at_find); // line: find
		auto found = names.find(key);
		return found == names.end() ? -1 : static_cast<int>(found->second.size());
	}

private:
	std::map<Key, std::string> names;
};

} // namespace pool

struct by_weekday {
	bool operator()(int a, int b) const
	{
		return a % 7 < b % 7;
	}
};

// The compilers give what is made for a lambda no linkage name in DWARF.
template <typename Function> __attribute__((noinline)) int apply(Function function, int number)
{
	LABEL(at_apply); // line: apply
	return function(number);
}

int sum(const std::vector<int> &numbers)
{
	std::vector<int> copy(numbers);
	std::sort(copy.begin(), copy.end(), by_weekday());
	return std::accumulate(copy.begin(), copy.end(), 0);
}

int main(int argc, char **argv)
{
	pool::cache<long> cache(argc);
	std::vector<int> numbers(static_cast<size_t>(argc), 3);
	std::map<std::string, std::vector<int>> more;

	for (int i = 0; i < argc; i++)
		more[argv[i]].push_back(cache.find(i));
	for (auto &entry : more)
		numbers.insert(numbers.end(), entry.second.begin(), entry.second.end());
	return apply([&](int start) { return start + sum(numbers); }, argc) < 0;
}
