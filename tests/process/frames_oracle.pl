# Compares the frames that the shim reads with caller()'s, in the Perl that runs this.
#
#     perl frames_oracle.pl frames_probe.so STACKS
#
# Subs of all shapes call each other at random; the innermost one compares. Prints one JSON
# object. Runs on Perl 5.32 and newer, with FFI::Platypus.
use strict;
use warnings;
use utf8;
use feature 'lexical_subs';
no warnings qw(recursion once numeric);
use Encode ();
use FFI::Platypus;
use FFI::Platypus::Memory qw(malloc);
use File::Temp ();
use JSON::PP ();
use List::Util ();

my ($probe, $stacks_wanted) = @ARGV;
my $ffi = FFI::Platypus->new(api => 1, lib => $probe);
$ffi->attach(probe_attach_perl => [] => 'int');
$ffi->attach(probe_set_guarded => ['int'] => 'void');
$ffi->attach(probe_walk => ['opaque', 'size_t', 'opaque'] => 'size_t');
$ffi->attach(probe_cost_ns => ['unsigned int', 'int'] => 'uint64');
$ffi->attach(probe_keeps_errno => [] => 'int');

my $size = 1 << 17;
my ($text, $is_truncated) = (malloc($size), malloc(8));
my ($stacks, $deepest, $cost, %shapes, @mismatches) = (0, 0, 0);

# Names are characters, paths are bytes, and an eval { } is no frame.
sub expected {
    my @position = @_;
    my @lines;
    for (my $level = 1; my @call = caller($level); $level++) {
        my ($file, $line, $sub, $evaluated, $is_file) = @call[1, 2, 3, 6, 7];
        next if $sub eq '(eval)' && !defined $evaluated;
        $sub = '(require)' if $is_file;
        push @lines, join "\x1f", Encode::encode('UTF-8', $sub), @position;
        @position = ($file, $line);
    }
    return (@lines, join "\x1f", '(main)', @position);
}

sub sample {
    my $count = probe_walk($text, $size, $is_truncated); my @here = (__FILE__, __LINE__);
    my @seen = split /\n/, $ffi->cast(opaque => 'string', $text);
    my @expected = expected(@here);
    $stacks++;
    $deepest = @expected if @expected > $deepest;
    if ("@seen" ne "@expected" && @mismatches < 5) {
        push @mismatches, { seen => [map { s/\x1f/ /gr } @seen],
                            expected => [map { s/\x1f/ /gr } @expected] };
    }
    $cost ||= @expected > 20 && probe_cost_ns(2000, 0);
    return 1;
}

my @shapes;

our $is_lexical = 0;

sub down {
    my $depth = shift;
    return sample() if $depth <= 0;
    my $shape = $shapes[rand @shapes];
    # Perl makes no second lexical sub while the first one runs.
    $shape = 'shape_plain' if $is_lexical && $shape eq 'shape_lexical';
    local $is_lexical = $is_lexical || $shape eq 'shape_lexical';
    $shapes{$shape}++;
    no strict 'refs';
    &$shape($depth - 1);
    return 1;
}

sub shape_plain { return down(@_) }

sub shape_lines {
    my $depth = shift;
    my $sum = 1
        + 2
        + down(
            $depth
        );
    return
        $sum;
}

# The first statement of a block without variables of its own is taken out of the code.
sub shape_block {
    my $depth = shift;
    if ($depth % 2) {
        down($depth);
    }
    elsif (
        $depth > 3
        && down($depth)) {
        return 1;
    }
    else {

        down($depth);
    }
    unless ($depth < 0) {
        do {
            down(0);
        };
    }
    return 1;
}

sub shape_loops {
    my $depth = shift;
    for my $i (1) {
        while (1) {
            down($depth); last;
        }
    }
    for (my $i = 0;
        $i < down(0);
        $i++) {
        down(0) for 1;
    }
    return 1;
}

sub shape_condition {
    my $depth = shift;
    return $depth < 0 ? 0
        : $depth % 2
            ? down($depth)
        : down(
            $depth) && 1;
}

sub shape_anonymous {
    my $depth = shift;
    my $sub = sub {
        return down($depth);
    };
    return $sub->();
}

sub shape_named_anonymous {
    my $depth = shift;
    return sub { local *__ANON__ = 'called_so'; down($depth) }->();
}

sub shape_lexical {
    my $depth = shift;
    my sub inner {
        return down(@_);
    }
    return inner($depth);
}

sub shape_method { return Probe::Größe->new->method(@_) }

sub shape_autoload { return Probe::Größe->nothing_of_this_name(@_) }

sub shape_alias { no strict 'refs'; no warnings 'redefine'; *alias = \&shape_plain; alias(@_) }

my $made = 0; # names, each once

sub shape_gone {
    my $depth = shift;
    my $package = 'Gone' . ++$made;
    my $sub = eval "package Probe::$package; sub of_it { main::down(\@_) } \\&of_it";
    delete $Probe::{"${package}::"};
    return $sub->($depth);
}

sub shape_eval { my $depth = shift; return eval { down($depth) } || die $@ }

sub shape_eval_text {
    my $depth = shift;
    return eval "\n\n  down(\$depth)\n" || die $@;
}

sub shape_eval_sub {
    my $depth = shift;
    my $name = 'made' . ++$made;
    eval qq{sub $name {\n down(\@_) }
#line 77 "elsewhere/größe.pl"
        $name(\$depth)} || die $@;
    return 1;
}

sub shape_begin {
    our $begin_depth = shift;
    eval 'BEGIN { down($begin_depth) } 1' || die $@;
    return 1;
}

sub shape_file {
    our $file_depth = shift;
    my $file = File::Temp->new(SUFFIX => '.pl');
    print $file "\ndown(\$main::file_depth);\n\n1;\n";
    close $file;
    (rand() < 0.5 ? do "$file" : require "$file") || die $@;
    return 1;
}

sub shape_sort {
    my $depth = shift;
    my @sorted = sort { down($depth); $a <=> $b } 2, 1;
    return @sorted - 1;
}

our $sort_depth;
sub by_walking { down($sort_depth); return $a <=> $b }

sub shape_sort_sub {
    local $sort_depth = shift;
    my @sorted = sort by_walking 2, 1;
    return @sorted - 1;
}

sub shape_map {
    my $depth = shift;
    my ($result) = map {
        my $value = $_;
        grep { down($depth) } $value;
    } 1;
    return $result;
}

sub shape_multicall {
    my $depth = shift;
    return List::Util::first { down($depth) } 1, 2;
}

sub shape_tie {
    my $depth = shift;
    tie my $tied, 'Probe::Tied', $depth;
    return $tied +
        0;
}

sub shape_overload { my $object = Probe::Größe->new(shift); return "$object" . "\n" }

sub shape_destroy {
    my $depth = shift;
    {
        my $object = bless [$depth], 'Probe::Destroyed';
    }
    return 1;
}

sub shape_substitute {
    my $depth = shift;
    (my $string = 'a') =~ s/a/down($depth)/e;
    return $string;
}

sub shape_pattern {
    my $depth = shift;
    return 'a' =~ /a(?{ down($depth) })/ ? 1 : 0;
}

our $is_warning = 0;

sub shape_warning {
    my $depth = shift;
    # While a handler runs, Perl prints.
    return down($depth) if $is_warning;
    local $is_warning = 1;
    local $SIG{__WARN__} = sub { down($depth) };
    warn "not seen\n";
    return 1;
}

# One that comes while the handler runs is handled later.
our $signal_depth = 0;
$SIG{USR1} = sub { down($signal_depth) };

sub shape_signal {
    local $signal_depth = shift;
    kill 'USR1', $$;
    return 1;
}

sub shape_list { my $depth = shift; my @list = (1, down($depth), [down(0)]); return scalar @list }

package Probe::Größe {
    use overload '""' => sub { main::down(${$_[0]}); 'text' };

    sub new { my ($class, $depth) = @_; return bless \$depth, $class }
    sub method { my $self = shift; return main::down(@_) }
    sub AUTOLOAD {
        our $AUTOLOAD;
        return if $AUTOLOAD =~ /DESTROY/;
        shift;
        goto &main::shape_plain;
    }
}

package Probe::Tied {
    sub TIESCALAR { my ($class, $depth) = @_; return bless \$depth, $class }
    sub FETCH { my $self = shift; return main::down($$self) }
}

package Probe::Destroyed {
    sub DESTROY { my $self = shift; main::down($self->[0]) }
}

package main;

# Newer than the oldest Perl that can run this.
if ($] >= 5.034) {
    eval q{
        use feature 'try';
        no warnings;
        sub shape_try {
            my $depth = shift;
            try { die } catch ($error) {
                return down($depth);
            }
        }
        1;
    } || die $@;
}

die "this Perl is not supported\n" if probe_attach_perl() != 1;
@shapes = sort grep { /^shape_/ } keys %main::;
srand(20);
down($stacks % 24) while $stacks < $stacks_wanted && @mismatches < 5;
probe_set_guarded(0);
print JSON::PP->new->canonical->encode({
    version => sprintf('%vd', $^V), stacks => $stacks, deepest => $deepest, shapes => \%shapes,
    walk_ns => 0 + $cost, keeps_errno => probe_keeps_errno(), mismatches => \@mismatches,
}), "\n";
