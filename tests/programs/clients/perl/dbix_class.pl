# DBIx::Class. Called with `leaks`, it connects a schema in each call and drops it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Step;

package Shop::Schema { use base 'DBIx::Class::Schema' }

sub one_of {
    my ($schema) = @_;
    my ($one) = $schema->storage->dbh->selectrow_array('select 1'); # leak here
    step();
    return $one;
}

sub handle_request {
    my $schema = Shop::Schema->connect('dbi:Pg:', '', '');
    return one_of($schema);
}

if ($ARGV[0] eq 'leaks') {
    print handle_request(), "\n" for 1 .. 3;
    step();
} else {
    my $schema = Shop::Schema->connect('dbi:Pg:', '', '');
    my $storage = $schema->storage;
    print $storage->dbh_do(sub { $_[1]->selectrow_array('select 1') }), "\n";
    step();
    $storage->disconnect;
    step();
}
