namespace ColdPages;

/// <summary>
/// Whose touches the multi-generational LRU may have taken from the idle bitmap: where it ages or reclaims it clears accessed bits and leaves the marks (walk_pte_range and lru_gen_look_around in mm/vmscan.c). Each of these moves a
/// memcg's youngest generation or the count of pages scanned for it; where both stood still nothing was taken.
/// </summary>
internal sealed class GenerationWatch(KernelFiles files, MemcgTree tree, MemcgLru lru, CostMeter cost)
{
    private readonly MemcgGenerations _generations = new(files, tree);
    private Stamps[] _rows = [];
    private State _before = State.Off;
    private State _begun = State.Off;
    private State _ended = State.Off;
    private int _pass;
    private int _lookedAt = -1;
    private bool _hasEnded;

    // The last pass that may have had it on since the pass before; -1 where none had.
    private int _lastOn = -1;

    private enum State
    {
        Off,
        On,

        /// <summary>Switched on, but what it did could not be read.</summary>
        Unknown,
    }

    // The youngest generations of a memcg on all nodes, in one number each: when the pass before began, when this one began, and when it ended.
    private struct Stamps
    {
        public Memcg? Memcg;
        public int Before;
        public int Begun;
        public int Ended;
        public int Passes;
    }

    /// <summary>Whether it was switched on or off since the pass before began.</summary>
    public bool WasSwitched => _pass > 0 && (_before == State.Off || _begun == State.Off || _ended == State.Off) && !IsOff;

    /// <summary>Whether it is on and could not be watched.</summary>
    public bool IsBlind => _before == State.Unknown || _begun == State.Unknown || _ended == State.Unknown;

    public long StateBytes => _rows.Length * (long)System.Runtime.CompilerServices.Unsafe.SizeOf<Stamps>();

    /// <summary>Whether it was off since the pass before began.</summary>
    public bool IsOff => _before == State.Off && _begun == State.Off && _ended == State.Off;

    /// <summary>Begins a pass, before the first page is looked at.</summary>
    public void Begin(int pass)
    {
        _pass = pass;

        // Of a pass that did not end some pages were not looked at: what was taken from them since the one before it is still to come to light.
        bool goesOn = _hasEnded || _lookedAt < 0;
        _hasEnded = false;
        bool isFirst = _lookedAt < 0;
        _lookedAt = pass;
        if (goesOn)
            _before = _begun;
        if (_rows.Length < tree.Rows)
            Array.Resize(ref _rows, Math.Max(tree.Rows, _rows.Length * 2));

        // By number: an enumerator of a list behind an interface is an object of its own.
        for (int i = 0; i < tree.InOrder.Count; i++)
        {
            Memcg memcg = tree.InOrder[i];
            ref Stamps row = ref _rows[memcg.Row];
            if (row.Memcg != memcg)
                row = new Stamps { Memcg = memcg };
            if (goesOn)
                row.Before = row.Begun;
            row.Begun = row.Ended = 0;
            row.Passes++;
        }

        _begun = Read(isBegin: true);
        if (isFirst)
            _before = _begun;
    }

    /// <summary>Ends a pass, after the last page was looked at.</summary>
    public void End()
    {
        _ended = Read(isBegin: false);
        _hasEnded = true;
        if (!IsOff)
            _lastOn = _pass;
    }

    /// <summary>Whether touches of a memcg's pages, or with null of those that belong to none, may have been taken between the marks of the pass before and what this pass saw.</summary>
    public bool HasTaken(Memcg? memcg)
    {
        if (_pass == 0 || IsOff)
            return false;
        if (WasSwitched || memcg is null)
            return true;
        Stamps row = memcg.Row < _rows.Length ? _rows[memcg.Row] : default;
        if (row.Memcg != memcg || row.Passes < 2 || lru.HasScanned(memcg))
            return true;

        // One that has pages has a row, unless the paths there are not those of our view, as in a cgroup namespace of our own.
        return !IsBlind && (row.Ended == 0 || row.Before != row.Ended);
    }

    /// <summary>
    /// Bytes of a memcg's page cache and shared memory that may have been read without a trace: with the multi-generational LRU on, reads by read(2) leave none, and what is mapped is
    /// not read that way alone.
    /// </summary>
    /// <param name="memcg">The memcg; null for what belongs to none.</param>
    /// <param name="passes">Ages up to so many passes are not concerned: there was none of it since.</param>
    public long UntracedBytes(Memcg? memcg, out int passes)
    {
        passes = _pass - _lastOn;
        if (_lastOn < 0)
            return 0;

        // Not with what memory.stat may lack: that is of the last seconds, and what was mapped until then was seen.
        return memcg is null ? long.MaxValue : lru.LocalUnmappedBytes(memcg) ?? long.MaxValue;
    }

    private State Read(bool isBegin)
    {
        // Its page table walks clear accessed bits by command also where the rest of it is off.
        if ((LruGen.Features(files) & (LruGenFeatures.Core | LruGenFeatures.PageTableWalks)) == LruGenFeatures.None)
            return State.Off;
        using FileText text = FileText.Rent();
        Errno error = _generations.Load(text);
        cost.Read(LruGen.Name, text.Bytes.Length);
        if (error != Errno.None)
            return State.Unknown;
        Memcg? memcg = null;
        ulong id = 0;
        int node = -1;
        ulong youngest = 0;
        LruGenText rows = new(text.Bytes);
        while (rows.MoveNext())
        {
            // A removed memcg's pages are told as those of the one above.
            LruGeneration row = rows.Current;
            if (row.IsFirst)
            {
                Add(memcg, id, node, youngest);
                (memcg, id, node, youngest) = (_generations.Find(row) ?? _generations.FindHeir(row), row.MemcgId, row.Node, 0);
            }

            youngest = Math.Max(youngest, row.Sequence);
        }

        Add(memcg, id, node, youngest);
        return rows.Malformed == 0 ? State.On : State.Unknown;

        void Add(Memcg? memcg, ulong id, int node, ulong youngest)
        {
            if (memcg is null || memcg.Row >= _rows.Length || _rows[memcg.Row].Memcg != memcg)
                return;
            ref Stamps row = ref _rows[memcg.Row];
            int number = HashCode.Combine(id, node, youngest);
            if (isBegin)
                row.Begun += number;
            else
                row.Ended += number;
        }
    }
}
