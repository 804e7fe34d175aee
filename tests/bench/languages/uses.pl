# Uses a connection again and again, from a stack of some depth: prints the nanoseconds of
# processor time that one use takes.
#
#     uses.pl ROUNDS DEPTH
use strict;
use warnings;
use DBI;
use Time::HiRes qw(clock_gettime CLOCK_PROCESS_CPUTIME_ID);

my $warm = 100;
my ($rounds, $depth) = @ARGV;
my $connection = DBI->connect("dbi:Pg:", "", "", { RaiseError => 1 });
$connection->do("create temporary table t (x int)");
$connection->do("copy t from stdin");

sub deep {
	my ($left, $count) = @_;

	if ($left > 1) {
		deep($left - 1, $count);
		return;
	}
	$connection->pg_putcopydata("1\n") for 1 .. $count;
}

deep($depth, $warm);
my $begun = clock_gettime(CLOCK_PROCESS_CPUTIME_ID);
deep($depth, $rounds);
printf "%.2f\n", (clock_gettime(CLOCK_PROCESS_CPUTIME_ID) - $begun) * 1e9 / $rounds;
