# Mojo::Pg, which keeps connections for the next use. Called with `leaks`, it makes one in
# each call.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Mojo::Pg;
use Step;

sub handle_request {
    my $pg = Mojo::Pg->new;
    my $one = $pg->db->query('select 1')->array->[0]; # leak here
    step();
    return $one;
}

if ($ARGV[0] eq 'leaks') {
    print handle_request(), "\n" for 1 .. 3;
    step();
} else {
    my $pg = Mojo::Pg->new;
    print $pg->db->query('select ?::int', $_)->array->[0], "\n" for 1 .. 3;
    step();
    $pg->db->disconnect;
    step();
}
