/* A call chain that the compiler folds into one function. The labels tell the
 * tests where to look, the comments what they must find.
 */
#define LABEL(name) __asm__ volatile(".globl " #name "\n" #name ": nop")
#define INLINED static inline __attribute__((always_inline))

volatile int sink;

INLINED void innermost(int number)
{
	sink += number;
	LABEL(at_innermost); /* line: innermost */
	sink *= number;
}

INLINED void middle(int number)
{
	if (number > 3) {
		int copy = number * 5;

		innermost(copy); /* line: middle */
	}
}

__attribute__((noinline)) int outer(int number)
{
	for (int i = 0; i < number; i++)
		middle(number + i); /* line: outer */
	LABEL(at_outer); /* line: outer alone */
	return sink;
}

static __attribute__((noinline)) int local(int number)
{
	LABEL(at_local); /* line: local */
	sink = number;
	return outer(number);
}

/* Deeper than the symbolizer keeps. */
#define DEEP(level, next) \
	INLINED void deep_##level(void) \
	{ \
		sink++; \
		deep_##next(); \
		sink++; \
	}

INLINED void deep_0(void)
{
	LABEL(at_deep); /* line: deep */
	sink++;
}
DEEP(1, 0) DEEP(2, 1) DEEP(3, 2) DEEP(4, 3) DEEP(5, 4) DEEP(6, 5) DEEP(7, 6) DEEP(8, 7)
DEEP(9, 8) DEEP(10, 9) DEEP(11, 10) DEEP(12, 11) DEEP(13, 12) DEEP(14, 13) DEEP(15, 14)
DEEP(16, 15) DEEP(17, 16) DEEP(18, 17) DEEP(19, 18) DEEP(20, 19)

__attribute__((noinline)) void deep(void)
{
	deep_20(); /* line: deep outermost */
}

int main(int argc, char **argv)
{
	(void)argv;
	deep();
	return local(argc) < 0;
}
