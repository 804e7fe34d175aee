# Checks what the shim says that Perl calls at a moment, and from which sub.
#
#     perl frames_moments.pl frames_probe.so
#
# Each row makes C code run once: by a call, or as the DESTROY of an object. Prints one JSON
# object. Needs FFI::Platypus.
use strict;
use warnings;
no warnings 'once';
use FFI::Platypus;
use FFI::Platypus::Memory qw(malloc);
use JSON::PP ();

my ($probe) = @ARGV;
my $ffi = FFI::Platypus->new(api => 1, lib => $probe);
$ffi->attach(probe_attach_perl => [] => 'int');
$ffi->attach(probe_recorded => ['opaque', 'size_t'] => 'size_t');
# What C does with what it is given does not matter: it takes no arguments.
$ffi->attach([probe_record => 'Handle::disconnect'] => ['string'] => 'int');
$ffi->attach([probe_record => 'Handle::DESTROY_in_c'] => ['string'] => 'int');

my ($text, $size) = (malloc(4096), 4096);

@Child::ISA = 'Handle';
sub Handle::new { return bless {}, shift }
package Child { sub disconnect { my $self = shift; return $self->SUPER::disconnect } }
sub Closing::new { return bless { handle => $_[1] }, $_[0] }
sub Closing::DESTROY { my $self = shift; $self->{handle}->disconnect }
sub Wrapper::new { return bless { handle => $_[1] }, $_[0] }
sub leave { my $object = dropped(); return 1 }

# An object whose DESTROY is C code.
sub dropped { return bless {}, 'Dropped' }
{ no warnings; *Dropped::DESTROY = \&Handle::DESTROY_in_c }

my $handle = Handle->new;
my $method = 'disconnect';
my $code = \&Handle::disconnect;
my %kept;

my @rows = (
    # what it is, what is called, the sub that calls, the code
    ['method', 'disconnect', 'main::__ANON__', sub { $handle->disconnect }],
    ['class method', 'disconnect', 'main::__ANON__', sub { Handle->disconnect }],
    ['method with arguments', 'disconnect', 'main::__ANON__',
     sub { my @list = (1, [$handle->can('new')], $handle->disconnect) }],
    ['method of a class', 'disconnect', 'main::__ANON__', sub { $handle->Handle::disconnect }],
    ['inherited', 'disconnect', 'Child::disconnect', sub { Child->new->disconnect }],
    ['method by name', '?', 'main::__ANON__', sub { $handle->$method }],
    ['method by reference', '?', 'main::__ANON__', sub { $handle->$code }],
    ['function', 'disconnect', 'main::__ANON__', sub { Handle::disconnect($handle) }],
    ['function with &', 'disconnect', 'main::__ANON__', sub { &Handle::disconnect($handle) }],
    ['reference', '?', 'main::__ANON__', sub { $code->($handle) }],
    ['goto', '?', '(main)', sub { @_ = ($handle); goto &Handle::disconnect }],
    ['in eval', 'disconnect', 'main::__ANON__', sub { eval { $handle->disconnect } }],
    ['in text', 'disconnect', '(eval)', sub { eval '$handle->disconnect' }],
    ['in map', 'disconnect', 'main::__ANON__', sub { my @list = map { $_->disconnect } $handle }],
    ['in sort', 'disconnect', 'main::__ANON__',
     sub { my @list = sort { $handle->disconnect; 0 } 1, 2 }],
    ['scope', '-', 'main::__ANON__', sub { my $object = dropped(); return }],
    ['scope of a caller', '-', 'main::leave', sub { return leave() }],
    ['block', '-', 'main::__ANON__', sub { { my $object = dropped(); } return 1 }],
    ['undef', '-', 'main::__ANON__', sub { my $object = dropped(); undef $object; return 1 }],
    ['assignment', '-', 'main::__ANON__',
     sub { my $object = dropped(); $object = undef; return 1 }],
    ['delete', '-', 'main::__ANON__', sub { $kept{a} = dropped(); delete $kept{a}; return 1 }],
    ['temporary', '-', 'main::__ANON__', sub { dropped(); return 1 }],
    ['inner object', '-', 'main::__ANON__',
     sub { my $object = Wrapper->new(dropped()); undef $object; return 1 }],
    ['exception', '-', 'main::__ANON__', sub { eval { my $object = dropped(); die } }],
    ['local', '-', 'main::__ANON__', sub { { local $main::object = dropped(); } return 1 }],
    ['closing in DESTROY', 'disconnect', 'Closing::DESTROY',
     sub { my $object = Closing->new($handle); undef $object; return 1 }],
);

die "this Perl is not supported\n" if probe_attach_perl() != 1;
my @failures;
for my $row (@rows) {
    my ($name, $called, $function, $run) = @$row;
    probe_recorded($text, $size);
    $run->();
    probe_recorded($text, $size);
    my $seen = $ffi->cast(opaque => 'string', $text);
    # How often, finalizing, collecting, whether that is known, what is called, and by whom.
    my ($count, @rest) = split ' ', $seen;
    push @failures, "$name: $seen" if $count < 1 || "@rest" ne "0 0 1 $called $function";
}
print JSON::PP->new->encode({ rows => scalar @rows, failures => \@failures }), "\n";
