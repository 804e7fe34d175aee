# Uses connections from frames that are hard to tell apart: functions made from texts of one
# shape, each gone before the next is made; recursion; two lines of one function; a sort's
# block. Each connection is named by its number, and its last use printed as JSON: its
# number, and [function, line] of its callers, as Perl says.
#
#     last_uses.pl CONNECTIONS
use strict;
use warnings;
use DBI;
use JSON::PP;

our @frames;

sub helper {
	my ($connection) = @_;
	my (undef, undef, $line) = caller(0);
	@frames = ();
	for (my $level = 1; my @outer = caller($level); $level++) {
		push @frames, [$outer[3], $line];
		$line = $outer[2];
	}
	$connection->do("select 1");
}

sub by_text {
	my ($number, $connection) = @_;
	my $name = "caller_" . $number % 7;
	no strict "refs";
	eval "\n" x ($number % 3) . "sub $name {\n\thelper(\$_[0]);\n}\n1" or die;
	&$name($connection);
	undef &$name;
	delete $main::{$name};
}

sub by_name {
	my ($number, $connection) = @_;
	my $name = "named_" . $number % 5;
	no strict "refs";
	eval "#line 7 \"name\"\nsub $name { helper(\$_[0]) } 1" or die;
	&$name($connection);
	undef &$name;
	delete $main::{$name};
}

sub by_depth {
	my ($number, $connection) = @_;
	return $number ? by_depth($number - 1, $connection) : helper($connection);
}

sub by_line {
	my ($number, $connection) = @_;
	if ($number % 2) {
		helper($connection);
	} else {
		helper($connection);
	}
}

sub by_sort {
	my ($number, $connection) = @_;
	my @sorted = sort { by_depth($number % 3, $connection); $a <=> $b } 2, 1;
}

sub use_one {
	my ($number, $connection) = @_;
	my $kind = $number % 5;
	$number = int($number / 5);
	by_text($number, $connection) if $kind == 0;
	by_name($number, $connection) if $kind == 1;
	by_depth($number % 4, $connection) if $kind == 2;
	by_line($number, $connection) if $kind == 3;
	by_sort($number, $connection) if $kind == 4;
}

our @connections;
for my $number (0 .. $ARGV[0] - 1) {
	my $connection = DBI->connect("dbi:Pg:application_name=$number", "", "",
				      { RaiseError => 1 });
	use_one($number + $_, $connection) for 9, 5, 1, 10, 0;
	push @connections, $connection;
	print encode_json([$number, \@frames]), "\n";
}
