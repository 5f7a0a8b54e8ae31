using System.Runtime.CompilerServices;

namespace ColdPages;

/// <summary>Adds up the mappings of one process, by kind: what is resident, and what of it is certainly idle.</summary>
internal struct ProcessTally(MappingKinds kinds, int pid) : ISmapsVisitor
{
    private PerKind _resident;
    private PerKind _idle;
    private long _perhapsIdle;
    private Last _last;

    /// <summary>The process runs a virtual machine: the guest's accesses are marked in page tables that smaps does not look at.</summary>
    public bool IsVirtualMachine { get; private set; }

    /// <summary>Mappings were joined while they were read, and some of their bytes are counted twice.</summary>
    public bool IsTorn { get; private set; }

    /// <summary>Resident bytes that look idle here but may not be, or not of the kind they would be told as.</summary>
    public readonly long PerhapsIdle => _perhapsIdle;

    public readonly long Resident(int kind) => _resident[kind];

    public readonly long Idle(int kind) => _idle[kind];

    public void Visit(in SmapsMapping mapping)
    {
        // The kernel lets go of the mappings after each piece of text. One that has grown over the start of the next piece comes once more,
        // in full.
        if (mapping.Start < _last.End)
        {
            Add(_last, -1);
            IsTorn |= mapping.Start < _last.Start;
        }

        IsVirtualMachine |= mapping.Name.StartsWith("anon_inode:kvm-vcpu"u8);
        _last = Count(mapping);
        Add(_last, 1);
    }

    private readonly Last Count(in SmapsMapping mapping)
    {
        long rss = Math.Max(0, mapping.Rss);
        long anon = Math.Clamp(mapping.Anonymous, 0, rss);
        long other = rss - anon;
        long idle = rss - Math.Clamp(mapping.Referenced, 0, rss);

        // A page that others map too may be touched by them: smaps shows this process's accesses alone. And of a private mapping of a file that
        // was written to, it does not say which kind is idle. Certain is what is left when all of the rest is taken to be something else.
        long certain = Math.Max(0, idle - Math.Clamp(mapping.Shared, 0, rss));
        long idleAnon = Math.Max(0, certain - other);
        long idleOther = Math.Max(0, certain - anon);
        return new Last
        {
            Start = mapping.Start,
            End = mapping.End,
            Kind = other > 0 ? (int)kinds.Of(mapping, pid) : (int)PageKind.File,
            Anon = anon,
            Other = other,
            IdleAnon = idleAnon,
            IdleOther = idleOther,
            PerhapsIdle = idle - idleAnon - idleOther,
        };
    }

    private void Add(in Last mapping, int sign)
    {
        _resident[(int)PageKind.Anon] += sign * mapping.Anon;
        _idle[(int)PageKind.Anon] += sign * mapping.IdleAnon;
        _resident[mapping.Kind] += sign * mapping.Other;
        _idle[mapping.Kind] += sign * mapping.IdleOther;
        _perhapsIdle += sign * mapping.PerhapsIdle;
    }

    [InlineArray(BinLayout.Kinds)]
    private struct PerKind
    {
        private long _first;
    }

    /// <summary>What the mapping visited last has added.</summary>
    private struct Last
    {
        public ulong Start;
        public ulong End;
        public int Kind;
        public long Anon;
        public long Other;
        public long IdleAnon;
        public long IdleOther;
        public long PerhapsIdle;
    }
}
