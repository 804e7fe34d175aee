/* A C program that opens connections of its own before, while and after it has Perl, which
 * opens some, too. The argument is how thoroughly Perl is taken apart: 0 to 2. */
#include <EXTERN.h>
#include <perl.h>
#include <libpq-fe.h>

enum { ROUNDS = 2, BLOCKS = 200, BLOCK_SIZE = 4000 };

EXTERN_C void boot_DynaLoader(pTHX_ CV *cv);

static void add_modules(pTHX)
{
	newXS("DynaLoader::boot_DynaLoader", boot_DynaLoader, __FILE__);
}

static void work_in_c(void)
{
	PGconn *conn = PQconnectdb("");

	PQclear(PQexec(conn, "select 1"));
	PQfinish(conn);
}

/* What Perl had is used again, for something else. */
static void use_memory(void)
{
	char *blocks[BLOCKS];

	for (int i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(BLOCK_SIZE);
		memset(blocks[i], 'A' + i % 26, BLOCK_SIZE);
	}
	work_in_c();
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
}

static void work_in_perl(PerlInterpreter *my_perl, char level)
{
	char code[] = "use DBI;"
		      "sub work { my $handle = DBI->connect('dbi:Pg:', '', ''); $handle->ping }";
	char empty[] = "", option[] = "-e", *arguments[] = { empty, option, code, NULL };
	char *none[] = { NULL };

	perl_construct(my_perl);
	PL_perl_destruct_level = (signed char)(level - '0');
	PL_exit_flags |= PERL_EXIT_DESTRUCT_END;
	perl_parse(my_perl, add_modules, 3, arguments, NULL);
	perl_run(my_perl);
	work_in_c();
	call_argv("work", G_DISCARD | G_NOARGS, none);
	work_in_c();
	perl_destruct(my_perl);
	work_in_c();
	perl_free(my_perl);
	use_memory();
}

int main(int argc, char **argv, char **env)
{
	work_in_c();
	PERL_SYS_INIT3(&argc, &argv, &env);
	for (int i = 0; i < ROUNDS; i++)
		work_in_perl(perl_alloc(), argv[1][0]);
	PERL_SYS_TERM();
	work_in_c();
	return 0;
}
